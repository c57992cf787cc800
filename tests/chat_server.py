"""An OpenAI-compatible server on loopback that does what a test says."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "sk-secret-0123456789"
# Seconds; for the servers that would go on for ever.
SHORT = 0.5


def chunk(text, **more):
    delta = {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None, **more}]}
    return (
        f"data: {json.dumps({'id': '1', 'object': 'chat.completion.chunk', **delta})}\n\n".encode()
    )


class Server:
    """An OpenAI-compatible server on loopback that answers as `behave(handler)` does."""

    def __init__(self, behave):
        self.requests = []
        self.over = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                server.requests.append((self.headers, json.loads(body)))
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    behave(self, server)  # until the client has gone, as it should

            def status(self, code, body=b"", **headers):
                self.send_response(code)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

            def open_stream(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()

            def log_message(self, *args):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_port}/v1"

    def close(self):
        self.over.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
