"""Which Refdesk runs."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def refdesk_version() -> str:
    """The version of Refdesk that runs."""
    try:
        return version("refdesk")
    except PackageNotFoundError:  # run from a clone that was not installed
        return "unknown"
