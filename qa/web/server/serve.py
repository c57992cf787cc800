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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.resources import files
from pathlib import Path
from types import FrameType
from typing import TypeAlias

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
from qa.web.server.guard import is_loopback, names_of
from qa.web.server.libraries import guarded_sites
from qa.web.server.logs import RequestLog, configure_logs
from qa.web.server.states import MOST_BYTES, BoundedStates
from qa.web.server.theme import THEME
from qa.web.shared.access import LOCAL, SCOPE_KEY, Access
from qa.web.shared.blocks import CheckedBlocks
from qa.web.shared.light_import import without_pauses
from qa.web.shared.served import ServedLibrary
from qa.web.shared.threads import in_a_loop
from sources.load import MAX_FILE_BYTES

Apps: TypeAlias = CheckedBlocks | Mapping[str, CheckedBlocks]

_STATIC = Path(str(files("qa.web"))) / "static"
_FAVICON = _STATIC / "favicon.svg"
# The first is what the others build on.
_SCRIPTS = ("script.js", "adding.js", "reading.js", "dates.js")
FIRST_PORT = 7860
_PORTS = 100
# Seconds that the first page has for itself, before what a question needs is loaded.
_PAGE_FIRST = 0.5


def launch(
    *,
    libraries: Sequence[ServedLibrary],
    model: str | None,
    host: str = "127.0.0.1",
    port: int | None = None,
    open_browser: bool = True,
    auth: Path | None = None,
    public: bool = False,
    log_level: str = "warning",
    log_json: bool = False,
    log_questions: bool = False,
) -> None:
    """Serve the chat until interrupted, and print its address.

    A library with a name is served below it, one without at `/`, alone. `port` None takes the first
    free one from 7860. `auth` is a file of users, who then must log in;
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
        libraries=tuple(one.name for one in libraries if one.name),
    )
    configure_logs(log_level, as_json=log_json)
    with without_pauses():
        opened = [open_index(one.index) for one in libraries]
        listener = listen(host, port)
        apps = {
            one.name: build_app(
                index=index,
                library=one.folder,
                model=model,
                conversations=None if access.public else Conversations(one.conversations),
                keep=not access.public,
                access=replace(access, library=one.name),
                curator=Curator(
                    one.folder, starter=starter_library(), own=one.index.parent / "library"
                ),
                log_questions=log_questions,
            )
            for one, index in zip(libraries, opened, strict=True)
        }
        server = make_server(apps, host, access)
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


def make_server(apps: Apps, host: str, access: Access | None = None) -> uvicorn.Server:
    """A server of an app, or of several by the name of their library, that answers to the names of
    `host` only, and to who has `access`."""
    apps = {"": apps} if isinstance(apps, CheckedBlocks) else apps
    most = MOST_BYTES // len(apps)
    sites = {name: in_a_loop(partial(_mount, app, name, most)) for name, app in apps.items()}
    guarded = guarded_sites(sites, names_of(host), access or Access(), _FAVICON)
    return _Server(
        uvicorn.Config(
            # What is streamed (text/event-stream) is sent as it comes.
            RequestLog(GZipMiddleware(guarded, compresslevel=6)),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
    )


def _mount(app: CheckedBlocks, library: str, most: int) -> FastAPI:
    with warnings.catch_warnings():
        # It says that it disables what we disable.
        warnings.filterwarnings("ignore", message="SSR mode")
        return _mounted(app, library, most)


def _mounted(app: CheckedBlocks, library: str, most: int) -> FastAPI:
    bare = app.programs()
    add_fonts(bare)
    site: FastAPI = gr.mount_gradio_app(
        bare,
        app,
        path="/",
        root_path=f"/{library}" if library else None,
        theme=THEME,
        css_paths=_STATIC / "style.css",
        head=f"<script>{(_STATIC / 'early.js').read_text(encoding='utf-8')}</script>",
        js="".join((_STATIC / name).read_text(encoding="utf-8") for name in _SCRIPTS),
        favicon_path=str(_FAVICON),
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
    inner.state_holder = BoundedStates(app._queue, most)
    inner.state_holder.set_blocks(app)
    return site


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
    apps: Apps, host: str = "127.0.0.1", port: int = 0, access: Access | None = None
) -> Iterator[str]:
    """Serve an app, or several by name, in the background while the context lasts; yields the
    address."""
    listener = listen(host, port)
    server = make_server(apps, host, access)
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


def _warm(indexes: Sequence[Index]) -> None:
    """Load the models before the first question, which else would, and make the fonts; what goes
    wrong will be said when one is asked."""
    for index in indexes:
        with contextlib.suppress(Exception):
            index.search("warm", k=1)
    with contextlib.suppress(Exception):
        make_fonts()
