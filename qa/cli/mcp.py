"""The command that serves the library to one program over its standard streams."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

from qa.cli.options import IndexOption, ModelOption, index_folder
from qa.errors import SettingError
from qa.settings import read_settings


def mcp(index: IndexOption = None, model: ModelOption = None) -> None:
    """Serve the library to a program by the Model Context Protocol, over stdio.

    `refdesk chat` serves the same over HTTP, at /mcp.
    """
    if find_spec("mcp") is None:
        raise SettingError("mcp is not installed; run `pip install -e '.[mcp]'`")
    from index.opened import open_index
    from qa.desk import open_desk
    from qa.web.api.calls import Calls
    from qa.web.api.mcp_server import mcp_server

    opened = open_index(index_folder(index))
    desk = open_desk(read_settings(), index=opened, model=model)
    mcp_server(opened, Calls(opened, desk)).run("stdio")
    # It closed the stream that it spoke on, which whoever flushes it later need not know.
    sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
