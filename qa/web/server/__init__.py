"""Serving the pages: who is let in, and what is let through."""

from qa.web.shared.light_import import import_gradio

# Before any module of the page imports Gradio in its own way.
import_gradio()
