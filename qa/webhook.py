"""Telling another program what came of a rebuild."""

from __future__ import annotations

import json
import logging
import urllib.request
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from index.errors import IndexingError
from qa.errors import RefdeskError
from qa.traces import trace
from sources.errors import SourceError

if TYPE_CHECKING:
    from index.build.rebuild import RebuildReport

_SECONDS = 5.0
_log = logging.getLogger(__name__)


def announced(url: str | None, rebuild: Callable[[], RebuildReport]) -> RebuildReport:
    """What `rebuild` returns or raises; `url` is sent it as JSON. That it cannot be sent is logged,
    and costs no rebuild."""
    try:
        with trace("rebuild") as note:
            report = rebuild()
            note({"refdesk.generation": report.generation, "refdesk.passages": report.chunks})
    except (IndexingError, RefdeskError, SourceError) as error:
        _send(url, {"event": "rebuild", "done": False, "why": str(error)})
        raise
    counts = {
        name: len(getattr(report, name))
        for name in ("added", "updated", "removed", "unchanged", "skipped")
    }
    _send(url, {"event": "rebuild", "done": True, "generation": report.generation} | counts)
    return report


def _send(url: str | None, told: Mapping[str, object]) -> None:
    if url is None:
        return
    request = urllib.request.Request(  # noqa: S310  the settings let only http and https through
        url, json.dumps(told).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS):  # noqa: S310
            pass
    except (OSError, ValueError) as error:
        _log.warning("REFDESK_WEBHOOK could not be told of a rebuild: %s", error)
