"""Serving the web chat on an address of this machine."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import socket
import threading
import warnings
import webbrowser
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from types import FrameType

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from index.opened import Index, open_index
from qa.errors import SettingError
from qa.passwords import Users
from qa.settings import read_settings, starter_library
from qa.traces import start_traces
from qa.web.chat.kept import Conversations
from qa.web.library.curate import Curator
from qa.web.server.app import build_app
from qa.web.server.fonts import add_fonts, make_fonts
from qa.web.server.guard import Guard, is_loopback, names_of
from qa.web.server.logs import RequestLog, configure_logs
from qa.web.server.states import BoundedStates
from qa.web.server.theme import THEME
from qa.web.shared.access import LOCAL, SCOPE_KEY, Access
from qa.web.shared.blocks import CheckedBlocks
from qa.web.shared.light_import import without_pauses
from qa.web.shared.threads import in_a_loop
from sources.load import MAX_FILE_BYTES

_STATIC = Path(str(files("qa.web"))) / "static"
FIRST_PORT = 7860
_PORTS = 100
# Seconds that the first page has for itself, before what a question needs is loaded.
_PAGE_FIRST = 0.5


def launch(
    *,
    index: Path,
    library: Path,
    model: str | None,
    host: str = "127.0.0.1",
    port: int | None = None,
    open_browser: bool = True,
    conversations: Path | None = None,
    auth: Path | None = None,
    public: bool = False,
    log_level: str = "warning",
    log_json: bool = False,
    log_questions: bool = False,
) -> None:
    """Serve the chat until interrupted, and print its address.

    `conversations` is the file that they are kept in, by default they end with the process. `port`
    None takes the first free one from 7860. `auth` is a file of users, who then must log in;
    `public` lets everybody ask who reaches `host`, and keeps nothing. The log goes to stderr, from
    `log_level` on, as lines of JSON with `log_json`, without questions but for `log_questions`.
    Raises SettingError where the address cannot be had, or is open to others without either;
    IndexNotFoundError, IndexDamagedError.
    """
    if not is_loopback(host) and auth is None and not public:
        raise SettingError(
            f"others can reach {host}: name who may, as `--auth FILE` (made by `refdesk user`), or "
            f"let everybody ask with --public"
        )
    settings = read_settings()
    if settings.traces:
        start_traces(questions=log_questions)
    access = Access(
        users=Users(auth) if auth else None,
        public=public and auth is None,
        rate=settings.rate,
    )
    configure_logs(log_level, as_json=log_json)
    with without_pauses():
        opened = open_index(index)
        listener = listen(host, port)
        app = build_app(
            index=opened,
            library=library,
            model=model,
            conversations=None if access.public else Conversations(conversations),
            keep=not access.public,
            access=access,
            curator=Curator(library, starter=starter_library(), own=index.parent / "library"),
            log_questions=log_questions,
        )
        server = make_server(app, host, access)
        gc.freeze()  # nor later: an answer would wait for it
    address = address_of(host, listener)
    warming = threading.Timer(_PAGE_FIRST, _warm, (opened,))
    warming.daemon = True
    warming.start()
    print(f"Refdesk is at {address} (Ctrl+C stops it)", flush=True)  # noqa: T201  a person waits
    if open_browser:
        webbrowser.open(address)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """A server that is interrupted without a word about the pages that are still open."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        super().handle_exit(sig, frame)


def make_server(app: CheckedBlocks, host: str, access: Access | None = None) -> uvicorn.Server:
    """A server of `app` that answers to the names of `host` only, and to who has `access`."""
    site = in_a_loop(lambda: _mount(app))
    return _Server(
        uvicorn.Config(
            # What is streamed (text/event-stream) is sent as it comes.
            RequestLog(
                GZipMiddleware(
                    Guard(site, names_of(host), access, _pages_of(site)), compresslevel=6
                )
            ),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )


def _mount(app: CheckedBlocks) -> FastAPI:
    with warnings.catch_warnings():
        # It says that it disables what we disable.
        warnings.filterwarnings("ignore", message="SSR mode")
        return _mounted(app)


def _mounted(app: CheckedBlocks) -> FastAPI:
    bare = app.programs()
    add_fonts(bare)
    site: FastAPI = gr.mount_gradio_app(
        bare,
        app,
        path="/",
        theme=THEME,
        css_paths=_STATIC / "style.css",
        js=(_STATIC / "script.js").read_text(encoding="utf-8"),
        favicon_path=str(_STATIC / "favicon.svg"),
        footer_links=[],
        allowed_paths=[],
        run_history=False,
        enable_monitoring=False,
        show_error=False,
        ssr_mode=False,
        auth_dependency=lambda request: request.scope.get(SCOPE_KEY, LOCAL),
        max_file_size=MAX_FILE_BYTES,
        mcp_server=False,  # ours is beside it
        pwa=False,
    )
    # What launching would set: how much is remembered of open pages.
    inner = site.routes[-1].app  # type: ignore[attr-defined]
    inner.state_holder = BoundedStates(app._queue)
    inner.state_holder.set_blocks(app)
    return site


def _pages_of(site: FastAPI) -> BoundedStates:
    """What a mounted app remembers of open pages."""
    states: BoundedStates = site.routes[-1].app.state_holder  # type: ignore[attr-defined]
    return states


def listen(host: str, port: int | None) -> socket.socket:
    """A socket that listens on `host`; port None: the first free one from 7860.

    Raises SettingError.
    """
    ports = range(FIRST_PORT, FIRST_PORT + _PORTS) if port is None else (port,)
    for candidate in ports:
        try:
            return _bound(host, candidate)
        except (OSError, OverflowError) as error:
            if port is not None:
                reason = getattr(error, "strerror", None) or error
                raise SettingError(
                    f"cannot listen on {host}, port {port} ({reason}); name another with --port, "
                    f"or leave it out"
                ) from error
            if isinstance(error, socket.gaierror):
                break
    raise SettingError(
        f"no port from {ports[0]} to {ports[-1]} of {host} can be had; name one with --port"
    )


def address_of(host: str, listener: socket.socket) -> str:
    """The address to type into a browser."""
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}/"


@contextlib.contextmanager
def serving(
    app: CheckedBlocks, host: str = "127.0.0.1", port: int = 0, access: Access | None = None
) -> Iterator[str]:
    """Serve `app` in the background while the context lasts; yields its address."""
    listener = listen(host, port)
    server = make_server(app, host, access)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    try:
        yield address_of(host, listener)
    finally:
        server.should_exit = True
        thread.join()


def _bound(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:  # getaddrinfo would wrap it around
        raise OverflowError("a port is a number from 0 to 65535")
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):  # Windows lets two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except BaseException:
        listener.close()
        raise
    return listener


def _warm(index: Index) -> None:
    """Load the models before the first question, which else would, and make the fonts; what goes
    wrong will be said when one is asked."""
    with contextlib.suppress(Exception):
        index.search("warm", k=1)
        make_fonts()
