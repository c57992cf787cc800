"""The fonts of the pages: of each the letters that most pages need, as WOFF2."""

from __future__ import annotations

import contextlib
import hashlib
from functools import cache
from importlib.resources import files
from io import BytesIO

import platformdirs
from fastapi import FastAPI
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from sources.whole_file import write_whole

_SERIF = files("font_source_serif_pro") / "files"
_SANS = files("gradio") / "templates/frontend/static/fonts/SourceSansPro"
_FILES = {
    "serif-400": _SERIF / "SourceSerifPro-Regular.ttf",
    "serif-600": _SERIF / "SourceSerifPro-Semibold.ttf",
    "sans-400": _SANS / "SourceSansPro-Regular.woff2",
    "sans-600": _SANS / "SourceSansPro-Bold.woff2",
}
# Latin of western Europe, punctuation, arrows; `style.css` says the same, and has the whole files
# for other letters.
_LETTERS = [
    *range(0x20, 0x7F), *range(0xA0, 0x100), 0x131, 0x152, 0x153, 0x2C6, 0x2DA, 0x2DC,
    *range(0x2000, 0x2070), 0x20AC, 0x2122, *range(0x2190, 0x2194), 0x2212,
]  # fmt: skip
_FEATURES = ["ccmp", "kern", "liga", "locl", "mark", "tnum"]
_DAY = 86_400


@cache
def font(name: str) -> bytes:
    """A font of the pages, as "serif-400", with the letters of most pages alone: WOFF2. It is made
    once, in one or two seconds, and kept in the cache of the user. Raises KeyError for another
    name."""
    whole = _FILES[name].read_bytes()
    known = hashlib.sha256(whole + repr((_LETTERS, _FEATURES)).encode()).hexdigest()[:16]
    kept = platformdirs.user_cache_path("refdesk") / "fonts" / f"{name}-{known}.woff2"
    with contextlib.suppress(OSError):
        return kept.read_bytes()
    made = _cut(whole)
    with contextlib.suppress(OSError):  # it is made again next time
        kept.parent.mkdir(parents=True, exist_ok=True)
        write_whole(kept, made)
    return made


def _cut(whole: bytes) -> bytes:
    from fontTools import subset  # it takes a second to load, and is seldom needed
    from fontTools.ttLib import TTFont

    options = subset.Options(hinting=False, layout_features=_FEATURES)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=_LETTERS)
    made = TTFont(BytesIO(whole), recalcTimestamp=False)
    cutter.subset(made)
    made.flavor = "woff2"
    written = BytesIO()
    made.save(written)
    return written.getvalue()


def make_fonts() -> None:
    """Make them all, so that no page waits for one."""
    for name in _FILES:
        font(name)


def add_fonts(app: FastAPI) -> None:
    """Serve them below /fonts, and the whole files, for other letters."""

    @app.get("/fonts/{name}.woff2", include_in_schema=False)
    def cut(name: str) -> Response:
        if name not in _FILES:
            return Response("Not found.", 404)
        headers = {"cache-control": f"public, max-age={7 * _DAY}"}
        return Response(font(name), media_type="font/woff2", headers=headers)

    app.mount("/fonts", StaticFiles(directory=str(_SERIF)))
    app.mount("/static/fonts/SourceSansPro", StaticFiles(directory=str(_SANS)))
