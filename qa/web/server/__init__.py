"""Serving the pages: who is let in, and what is let through."""
