"""What every page has: what stands at its top, and the way from its HTML to Python."""

from __future__ import annotations

from qa.web.shared.access import Access
from qa.web.shared.render import render

# What is clicked in the HTML that Python made becomes an event of the part with this script.
BRIDGE = "window.refdeskTrigger = trigger"


def masthead(page: str, access: Access) -> str:
    """The name, and the ways to the conversations, the library, other libraries and the other
    colours as HTML; where people log in, also the way out."""
    return render("masthead.html", page=page, access=access)
