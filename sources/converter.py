"""Old Office files and others of its kind, made into those that are read by LibreOffice.

It is optional, and starts for each file anew: in a folder and with settings of its own, in which no
macro runs and no link is followed, within limits, and without a network where the system allows it.
"""

from __future__ import annotations

import re
import tempfile
from contextlib import suppress
from pathlib import Path
from shutil import which
from subprocess import TimeoutExpired

from sources.confined import bare_environment, run_confined
from sources.errors import UnreadableError
from sources.formats import read_file
from sources.source import Format

_PLACES = (  # where its installers put it, which is on no path
    Path("/Applications/LibreOffice.app/Contents/MacOS/soffice"),
    Path("C:/Program Files/LibreOffice/program/soffice.exe"),
)
# What such files hold. Anything else LibreOffice would read as text, in whatever letters it
# guesses: what a damaged file says must not be made up.
_OLE = b"\xd0\xcf\x11\xe0"
_OF_OLE = [
    name.encode("utf-16-le") for name in ("WordDocument", "PowerPoint Document", "Workbook", "Book")
]
_OF_ZIP = (b"[Content_Types].xml", b"mimetypeapplication/vnd.oasis.opendocument.")
_OTHERS = (b"{\\rtf", b"\xffWPC")
_OF_XML = re.compile(
    rb"office:mimetype=.application/vnd\.oasis\.opendocument\.(?:text|presentation|spreadsheet)\b"
)
_XML_HEAD = 4096  # bytes
_MEMORY = 3  # times that of a parser: it is an office
_MOST_BYTES = 200 * 1024 * 1024
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
{}</oor:items>
"""
_SETTING = """<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="{}" oor:op="fuse"><value>{}</value></prop></item>
"""
_SAFE = {
    "BlockUntrustedRefererLinks": "true",  # to files and addresses
    "DisableActiveContent": "true",
    "DisableMacrosExecution": "true",
    "MacroSecurityLevel": "3",
}


_named: list[Path] = []  # at most one


def use_converter(program: Path | None) -> None:
    """Take this program for LibreOffice from now on, or with None the one that is found."""
    _named[:] = [program] if program else []


def find_converter() -> Path | None:
    """LibreOffice as it was named, on the path, or where its installers put it; None for none."""
    if _named:
        return _named[0].resolve()
    found = which("soffice") or which("libreoffice")
    places = [Path(found)] if found else [place for place in _PLACES if place.is_file()]
    return places[0].resolve() if places else None


def converter_version() -> str:
    """Changes when LibreOffice is installed or replaced; "" for none."""
    with suppress(OSError):
        if program := find_converter():
            return f"{program} {program.stat().st_mtime_ns}"
    return ""


def convert(data: bytes, suffix: str, made: Format, *, seconds: int, memory: int) -> bytes:
    """The file, of the `suffix` of its name, as one of the format `made`.

    `seconds` and `memory`, in bytes, are what a parser may take. Raises UnreadableError.
    """
    program = find_converter()
    if program is None:
        raise UnreadableError(
            f"is read with LibreOffice: install it, then `refdesk rebuild`; or save it as .{made}"
        )
    if not _is_office(data):
        raise UnreadableError(f"is damaged, or not what its name says: save it as .{made}")
    with tempfile.TemporaryDirectory(prefix="refdesk-", ignore_cleanup_errors=True) as folder:
        room = Path(folder).resolve()
        given = room / f"document{suffix}"
        given.write_bytes(data)
        profile = room / "profile"
        (profile / "user").mkdir(parents=True)
        settings = _SETTINGS.format("".join(_SETTING.format(*pair) for pair in _SAFE.items()))
        (profile / "user" / "registrymodifications.xcu").write_text(settings, encoding="utf-8")
        command = [
            str(program), f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore",
            "--convert-to", made, "--outdir", str(room / "made"), str(given),
        ]  # fmt: skip
        own = {name: str(room) for name in ("HOME", "TMPDIR", "TEMP", "TMP")}
        try:
            run_confined(
                command, room, bare_environment() | own,
                seconds=seconds, memory=_MEMORY * memory, output=_MOST_BYTES,
            )  # fmt: skip
        except TimeoutExpired:
            raise UnreadableError(
                f"takes LibreOffice longer than {seconds} s to open: split it, or save it again in "
                "another format"
            ) from None
        except OSError as error:
            raise UnreadableError(
                f"LibreOffice does not start ({error.strerror}): install it again"
            ) from error
        file = room / "made" / f"document.{made}"
        if not file.is_file():
            raise UnreadableError(
                f"LibreOffice cannot read it, or it has a password: open it, and save it as .{made}"
            )
        return read_file(file, _MOST_BYTES)


def _is_office(data: bytes) -> bool:
    if data.startswith(_OLE):
        return any(name in data for name in _OF_OLE)
    if data.startswith(b"PK"):
        return any(name in data for name in _OF_ZIP)
    flat = data.startswith(b"<?xml") and _OF_XML.search(data, 0, _XML_HEAD)
    return bool(flat) or data.startswith(_OTHERS)
