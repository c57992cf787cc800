"""Adding many documents at once: a folder, a site, a feed; each becomes a snapshot of its own."""

from sources.collect.collection import Left, add_collection

__all__ = ["Left", "add_collection"]
