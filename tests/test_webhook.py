"""What came of a rebuild is sent to the address of the settings."""

import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from qa.cli.app import run
from qa.errors import SettingError
from qa.settings import read_settings


@pytest.fixture
def receiver():
    """A server, and what it is sent."""
    sent = []

    class Keep(BaseHTTPRequestHandler):
        def do_POST(self):
            sent.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Keep) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook", sent
        server.shutdown()
        thread.join()


def test_a_rebuild_and_one_that_fails_are_told(receiver, tmp_path, monkeypatch, caplog, capsys):
    address, sent = receiver
    monkeypatch.setenv("REFDESK_WEBHOOK", address)
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "lamp.md").write_text("# The lamp\n\nThe lamp was lit in 1911.\n")
    named = ["rebuild", str(tmp_path / "library"), "--index", str(tmp_path / "index")]
    assert run(named) == 0
    [told] = sent
    assert (told["event"], told["done"], told["added"], told["skipped"]) == ("rebuild", True, 1, 0)
    assert told["generation"] in capsys.readouterr().out
    assert run(["rebuild", str(tmp_path / "none"), "--index", str(tmp_path / "index")]) == 1
    assert sent[1]["done"] is False and "none" in sent[1]["why"]
    monkeypatch.setenv("REFDESK_WEBHOOK", "http://127.0.0.1:9/nobody")
    with caplog.at_level(logging.WARNING):
        assert run(named) == 0
    assert "could not be told" in caplog.text


def test_an_address_is_one_of_the_web(monkeypatch):
    monkeypatch.setenv("REFDESK_WEBHOOK", "file:///etc/passwd")
    with pytest.raises(SettingError, match="http"):
        read_settings()
