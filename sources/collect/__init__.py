"""Adding many documents at once: a folder, a site, a feed; each becomes a snapshot of its own."""

from sources.collect.collection import Left, add_collection
from sources.collect.refresh import Refreshed, refresh

__all__ = ["Left", "Refreshed", "add_collection", "refresh"]
