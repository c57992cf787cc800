"""Fetching from a real server on loopback, and what is never connected to."""

import gzip
import shutil
import socket
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sources import SnapshotError
from sources.fetch import fetch, is_public

PAGE = b"<title>Works</title><h1>The works</h1><p>They began in May."
PLAIN = {"Content-Type": "text/plain"}
ROUTES = {
    "/page": (200, {"Content-Type": "text/html"}, PAGE),
    "/latin": (
        200,
        {"Content-Type": "text/html; charset=ISO-8859-1"},
        "<p>Grüße".encode("latin-1"),
    ),
    "/notes.md": (200, PLAIN, b"# Notes\n\nText."),
    "/plain": (200, PLAIN, b"Text."),
    "/data": (200, {"Content-Type": "application/ld+json"}, b'{"a": 1}'),
    "/report.pdf": (200, {"Content-Type": "application/octet-stream"}, b"%PDF-"),
    "/picture.png": (200, {"Content-Type": "image/png"}, b"x"),
    "/untold": (200, {}, b"x"),
    "/big": (200, PLAIN, b"x" * 2000),
    "/bomb": (200, {**PLAIN, "Content-Encoding": "gzip"}, gzip.compress(bytes(10 << 20))),
    "/packed": (200, {**PLAIN, "Content-Encoding": "gzip"}, gzip.compress(b"Text.")),
    "/brotli": (200, {**PLAIN, "Content-Encoding": "br"}, b"x"),
    "/short": (200, {**PLAIN, "Content-Length": "100"}, b"x"),
    "/here": (302, {"Location": "/page"}, b""),
    "/circle": (301, {"Location": "/circle"}, b""),
    "/file": (302, {"Location": "file:///etc/passwd"}, b""),
    "/gone": (404, {}, b""),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        status, headers, body = ROUTES[self.path.split("?")[0]]
        self.server.asked.append((self.path, self.headers["Host"]))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(context=None):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None
    server.asked = []
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    return server


@pytest.fixture(scope="module")
def server():
    running = serve()
    yield running
    running.shutdown()
    running.server_close()


def get(server, path, **options):
    url = f"http://127.0.0.1:{server.server_port}{path}"
    return fetch(url, **{"limit": 1000, "allow_private": True, "seconds": 20} | options)


@pytest.mark.parametrize(
    ("path", "suffix", "data"),
    [
        ("/page?a=b c", ".html", PAGE),
        ("/latin", ".html", "\ufeff<p>Grüße".encode()),
        ("/notes.md", ".md", b"# Notes\n\nText."),
        ("/plain", ".txt", b"Text."),
        ("/data", ".json", b'{"a": 1}'),
        ("/report.pdf", ".pdf", b"%PDF-"),
        ("/packed", ".txt", b"Text."),
    ],
)
def test_a_document_comes_with_the_suffix_of_its_format(server, path, suffix, data):
    found = get(server, path)
    assert (found.suffix, found.data) == (suffix, data)
    assert server.asked[-1][1] == f"127.0.0.1:{server.server_port}"


def test_redirects_are_followed_to_an_end(server):
    assert get(server, "/here").url.endswith("/page")
    with pytest.raises(SnapshotError, match="redirects more than 5 times"):
        get(server, "/circle")
    with pytest.raises(SnapshotError, match="'file:///etc/passwd' is no web address"):
        get(server, "/file")


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/picture.png", "is image/png, which is not read: save it as one of .md"),
        ("/untold", "is of a type that is not told"),
        ("/big", "is larger than 1,000 bytes"),
        ("/bomb", "is larger than 1,000 bytes"),
        ("/brotli", "packs by 'br', unasked"),
        ("/short", r"could not be fetched \(IncompleteRead"),
        ("/gone", "answers 404 Not Found: check the address"),
    ],
)
def test_what_is_not_taken_is_told(server, path, reason):
    with pytest.raises(SnapshotError, match=reason):
        get(server, path)


def test_a_server_that_stalls_is_left():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with pytest.raises(SnapshotError, match="could not be fetched"):
            fetch(url, limit=1000, allow_private=True, seconds=0.2)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True), ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False), ("10.1.2.3", False), ("172.16.0.1", False), ("192.168.1.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False),
        ("224.0.0.1", False), ("255.255.255.255", False), ("240.0.0.1", False),
        ("::1", False), ("::", False), ("fe80::1%eth0", False), ("fc00::1", False),
        ("fec0::1", False), ("ff0e::1", False), ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.215.14", True), ("::127.0.0.1", False), ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False), ("64:ff9b::5db8:d70e", True), ("2001:db8::1", False),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address, public):
    assert is_public(address) is public


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "0x7f.1", "[::ffff:7f00:1]"],
)
def test_this_machine_is_refused(server, host):
    asked = len(server.asked)
    with pytest.raises(SnapshotError, match=r"a private network: if that is meant|is not known"):
        fetch(f"http://{host}:{server.server_port}/page", limit=1000)
    assert len(server.asked) == asked


def test_a_redirect_to_this_machine_is_refused(server, monkeypatch):
    """The first host is taken for public; it is on loopback all the same, as a test must be."""
    known = socket.getaddrinfo
    monkeypatch.setattr("sources.fetch.is_public", lambda address: address == "127.0.0.2")
    monkeypatch.setattr(
        socket, "getaddrinfo",
        lambda host, *rest, **more: known(
            "127.0.0.2" if host == "public.example" else host, *rest, **more
        ),
    )  # fmt: skip
    with socket.create_server(("127.0.0.2", 0)) as public:
        port = public.getsockname()[1]

        def answer():
            connection, _ = public.accept()
            with connection:
                connection.recv(4096)
                there = f"http://127.0.0.1:{server.server_port}/page"
                connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: {there}\r\n\r\n".encode())

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        asked = len(server.asked)
        with pytest.raises(SnapshotError, match=r"127\.0\.0\.1 is 127\.0\.0\.1, on this machine"):
            fetch(f"http://public.example:{port}/", limit=1000, seconds=20)
        thread.join()
        assert len(server.asked) == asked


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch):
    """A name server that answers with a public address first, and then with this machine."""
    answers = iter(["93.184.215.14", "127.0.0.1"])
    connected = []

    def resolve(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    def connect(address, timeout):
        connected.append(address)
        raise OSError("no network in a test")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(SnapshotError, match="does not answer"):
        fetch("http://rebinding.example/", limit=1000)
    assert connected == [("93.184.215.14", 80)]


@pytest.mark.parametrize("also", ["10.0.0.1", "::1"])
def test_a_host_with_one_private_address_is_refused(monkeypatch, also):
    monkeypatch.setattr(
        socket, "getaddrinfo",
        lambda host, port, **_: [
            (0, 0, 0, "", (address, port)) for address in ("93.184.215.14", also)
        ],
    )  # fmt: skip
    with pytest.raises(SnapshotError, match="private network"):
        fetch("http://both.example/", limit=1000)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.org/a", "is no web address"),
        ("http:///a", "is no web address"),
        ("http://[::1/a", "is no web address"),
        ("http://example.org:99999/", "is no web address"),
        ("http://ann:secret@example.org/", "given with a user name"),
        ("http://" + "a" * 70 + ".example/", "is not known"),
    ],
)
def test_an_odd_address_is_refused(url, reason):
    with pytest.raises(SnapshotError, match=reason) as raised:
        fetch(url, limit=1000)
    assert "secret" not in str(raised.value)


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl, which makes a certificate")
def test_certificates_are_checked(tmp_path, monkeypatch):
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 "
        "-subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run(command.split(), cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server = serve(context)
    url = f"https://localhost:{server.server_port}/page"
    try:
        with pytest.raises(SnapshotError, match="CERTIFICATE_VERIFY_FAILED"):
            fetch(url, limit=1000, allow_private=True)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        assert fetch(url, limit=1000, allow_private=True).data == PAGE
        monkeypatch.setitem(ROUTES, "/down", (302, {"Location": "http://localhost/"}, b""))
        with pytest.raises(SnapshotError, match="redirects from https to http"):
            fetch(url.replace("/page", "/down"), limit=1000, allow_private=True)
    finally:
        server.shutdown()
        server.server_close()
