"""Refdesk under its own name: what `sources`, `index` and `qa` export, loaded when it is used.

The three packages are the code; their names are plain words, so who has others so called in the
same environment needs one of its own for Refdesk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import index
import qa
import sources

if TYPE_CHECKING:
    from index import *  # noqa: F403
    from qa import *  # noqa: F403
    from sources import *  # noqa: F403

__all__ = [*qa.__all__, *index.__all__, *sources.__all__]


def __getattr__(name: str) -> Any:
    for package in (qa, index, sources):
        if name in package.__all__:
            return getattr(package, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if __name__ == "__main__":
    from qa.cli.app import main

    main()
