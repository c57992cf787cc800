"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from qa.settings import VARIABLES

IndexOption = Annotated[
    Path | None,
    typer.Option(
        "--index", metavar="DIR", show_default=False, help=f"The {VARIABLES['REFDESK_INDEX']}."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]
ModelOption = Annotated[
    str | None,
    typer.Option(
        "--model", metavar="NAME", show_default=False, help=f"The {VARIABLES['REFDESK_MODEL']}."
    ),
]
ScopeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        metavar="GLOB",
        show_default=False,
        help="Look only in sources whose id matches; may be given several times.",
    ),
]
LibraryArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="LIBRARY",
        show_default=False,
        help="A folder of sources, or one file; by default REFDESK_LIBRARY, the library that the "
        "index was built from, or the starter library.",
    ),
]
