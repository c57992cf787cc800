"""Adding the files of a git repository at a commit, of which nothing is run or asked."""

import http.server
import os
import shutil
import ssl
import subprocess
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sources import SnapshotError, load_sources
from sources.collect import Left, add_collection, refresh
from sources.collect import repository as repository_module

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture
def repository(tmp_path):
    """A repository of two commits, with a link, a hook and a file that is too hidden to be read."""
    folder = tmp_path / "handbook"
    (folder / "docs").mkdir(parents=True)

    def git(*arguments):
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        done = subprocess.run(["git", *who, *arguments], cwd=folder, env=env, check=True,
                              capture_output=True, text=True)  # fmt: skip
        return done.stdout.strip()

    git("init", "-q", "-b", "main")
    (folder / "docs" / "lock.md").write_text("---\nauthor: Ada Lund\n---\nBuilt in 1911.")
    (folder / "docs" / "away.txt").symlink_to("/etc/passwd")
    (folder / "docs" / ".secret.md").write_text("Secret.")
    (folder / "other.txt").write_text("The weir is old.")
    git("add", ".")
    git("commit", "-qm", "one")
    first = git("rev-parse", "HEAD")
    (folder / "docs" / "lock.md").write_text("Built in 1912.")
    git("commit", "-qam", "two")
    hook = folder / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hooked\n")
    hook.chmod(0o755)
    return folder, first


def add(item, library, commit, **options):
    outcomes = list(add_collection(str(item), library, commit=commit, **options))
    left = [one for one in outcomes if isinstance(one, Left)]
    return [one.id for one in outcomes if not isinstance(one, Left)], left


def test_the_files_of_a_commit_are_added_with_its_hash(repository, tmp_path):
    folder, first = repository
    library = tmp_path / "library"
    assert add(folder, library, first, within="docs") == (["handbook/lock"], [])
    (source,) = load_sources(library)
    assert "1911" in source.text and source.author == "Ada Lund"
    extra = dict(source.extra)
    assert extra["commit"] == first and len(extra["sha256"]) == 64 and source.accessed
    assert add(folder, library, "main", name="new")[0] == ["new/docs/lock", "new/other"]
    assert "1912" in (library / "new" / "docs" / "lock.md").read_text()
    assert not (tmp_path / "hooked").exists()
    assert list(refresh(library)) == []


def test_settings_and_variables_of_the_user_are_not_used(repository, tmp_path, monkeypatch):
    folder, first = repository
    (tmp_path / ".gitconfig").write_text("[protocol]\n\tallow = never\n[core]\n\tbare = nonsense\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("GIT_SSH_COMMAND", "touch hooked")
    assert add(folder, tmp_path / "library", first, within="/docs/")[0] == ["handbook/lock"]


@pytest.mark.parametrize(
    ("item", "commit", "reason"),
    [
        ("ssh://example.org/a.git", "main", "as https://"),
        ("http://example.org/a.git", "main", "as https://"),
        ("ext::sh -c 'touch hooked'", "main", "is no repository"),
        ("https://user:word@example.org/a.git", "main", "as https://"),
        ("https://127.0.0.1:1/a.git", "main", "private network"),
        ("https://example.org:99999/a.git", "main", "as https://"),
        ("https://[/a.git", "main", "as https://"),
        ("{folder}", "", "names no commit"),
        ("{folder}", "--upload-pack=touch hooked", "names no commit"),
        ("{folder}", "nothere", "git says: fatal"),
    ],
)
def test_what_is_no_commit_of_a_repository_is_refused(repository, tmp_path, item, commit, reason):
    with pytest.raises(SnapshotError, match=reason):
        add(item.replace("{folder}", str(repository[0])), tmp_path / "library", commit)
    assert not (tmp_path / "hooked").exists()


def test_a_folder_that_is_not_there_is_told(repository, tmp_path):
    with pytest.raises(SnapshotError, match="git says"):
        add(repository[0], tmp_path / "library", "main", within="nowhere")


def test_a_tree_that_no_folder_can_hold_is_refused_in_words(repository, tmp_path):
    folder, _ = repository

    def made(kind, content):
        command = ["git", "hash-object", "-t", kind, "-w", "--stdin", "--literally"]
        done = subprocess.run(command, cwd=folder, input=content, check=True, capture_output=True)
        return done.stdout.decode().strip()

    blob = made("blob", b"Text.")
    inner = made("tree", b"100644 b.md\0" + bytes.fromhex(blob))
    both = b"100644 a.md\0" + bytes.fromhex(blob) + b"40000 a.md\0" + bytes.fromhex(inner)
    who = b"Ada <ada@example.org> 1 +0000"
    commit = b"tree %s\nauthor %s\ncommitter %s\n\nx\n" % (made("tree", both).encode(), who, who)
    (folder / ".git" / "refs" / "heads" / "odd").write_text(made("commit", commit))
    with pytest.raises(SnapshotError, match=r"'a.md.*' cannot be written"):
        add(folder, tmp_path / "library", "odd")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """The files of a certificate for localhost, and of its key; nobody has signed it but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificates")
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "certificate").write_bytes(made.public_bytes(pem))
    form = serialization.PrivateFormat.PKCS8
    (folder / "key").write_bytes(key.private_bytes(pem, form, plain))
    return folder / "certificate", folder / "key"


@pytest.fixture
def served(repository, certificates):
    """The address at which git's own server has the repository over https, and what it is asked."""
    folder = repository[0]
    hung_up = threading.Event()

    class Backend(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            path, _, query = self.path.partition("?")
            if path.startswith("/slow"):
                with suppress(OSError):
                    self.connection.recv(1)  # waits until the other end is gone
                hung_up.set()
                return
            length = int(self.headers.get("Content-Length") or 0)
            env = {
                "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": str(folder.parent),
                "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": path, "QUERY_STRING": query,
                "REQUEST_METHOD": self.command, "HOME": str(folder.parent),
                "CONTENT_TYPE": self.headers.get("Content-Type") or "",
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding") or "",
                "GIT_PROTOCOL": self.headers.get("Git-Protocol") or "",
            }  # fmt: skip
            done = subprocess.run(["git", "http-backend"], input=self.rfile.read(length), env=env,
                                  capture_output=True, check=False)  # fmt: skip
            head, _, body = done.stdout.partition(b"\r\n\r\n")
            self.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n" % len(body))
            self.wfile.write(head + b"\r\n\r\n" + body)

        do_POST = do_GET

        def log_message(self, *_):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificates)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend) as server:
        server.handle_error = lambda *_: None  # who refuses a certificate hangs up
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://localhost:{server.server_address[1]}", hung_up
        server.shutdown()


@pytest.fixture
def trusted(certificates, monkeypatch):
    """git trusts the certificate of the server; elsewhere nothing of the environment reaches it."""
    bare = repository_module.bare_environment
    more = {"GIT_SSL_CAINFO": str(certificates[0])}
    monkeypatch.setattr(repository_module, "bare_environment", lambda: bare() | more)


def test_a_repository_is_fetched_over_https_from_the_server_that_was_checked(
    repository, served, trusted, tmp_path
):
    _, first = repository
    item = f"{served[0]}/handbook/.git"
    library = tmp_path / "library"
    options = {"within": "docs", "name": "book", "allow_private": True}
    assert add(item, library, first, **options)[0] == ["book/lock"]
    (source,) = load_sources(library)
    assert source.url == item and dict(source.extra)["commit"] == first


@pytest.mark.parametrize("variable", ["GIT_SSL_NO_VERIFY", "GIT_SSL_CAINFO"])
def test_a_certificate_that_nobody_has_signed_is_refused(
    served, certificates, tmp_path, monkeypatch, variable
):
    said = {"GIT_SSL_NO_VERIFY": "1", "GIT_SSL_CAINFO": str(certificates[0])}
    monkeypatch.setenv(variable, said[variable])  # of the user: not used
    with pytest.raises(SnapshotError, match="certificate"):
        add(f"{served[0]}/handbook/.git", tmp_path / "library", "main", allow_private=True)


def test_what_comes_is_bounded_in_size_and_time(repository, served, trusted, tmp_path, monkeypatch):
    folder, _ = repository
    (folder / "noise.txt").write_bytes(os.urandom(20_000))
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for command in (("add", "."), (*who, "commit", "-qm", "three")):
        subprocess.run(["git", *command], cwd=folder, check=True)
    monkeypatch.setattr(repository_module, "_MOST_BYTES", 10_000)
    for item in (f"{served[0]}/handbook/.git", folder):
        with pytest.raises(SnapshotError, match="has more than 10,000 bytes"):
            add(item, tmp_path / "library", "main", allow_private=True)
    monkeypatch.setattr(repository_module, "_SECONDS", 1)
    with pytest.raises(SnapshotError, match="takes longer than 1 s"):
        add(f"{served[0]}/slow", tmp_path / "library", "main", allow_private=True)
    assert served[1].wait(60)  # what git had started is gone, too
