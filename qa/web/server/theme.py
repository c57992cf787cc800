"""The theme: Gradio's own parts in the colours and with the fonts of `style.css`."""

from __future__ import annotations

import gradio as gr

SANS = (
    "Desk Sans",
    "system-ui",
    "-apple-system",
    "Segoe UI",
    "Roboto",
    "Liberation Sans",
    "sans-serif",
)
MONO = ("ui-monospace", "Cascadia Mono", "Menlo", "Liberation Mono", "monospace")

_PARTS = {
    "body_text_color": "ink",
    "body_text_color_subdued": "soft",
    "background_fill_primary": "sheet",
    "background_fill_secondary": "paper",
    "block_background_fill": "sheet",
    "block_border_color": "rule",
    "block_label_text_color": "soft",
    "block_title_text_color": "soft",
    "border_color_primary": "rule",
    "border_color_accent": "accent",
    "color_accent_soft": "tint",
    "link_text_color": "accent",
    "link_text_color_hover": "ink",
    "input_background_fill": "sheet",
    "input_border_color": "edge",
    "input_border_color_focus": "accent",
    "input_placeholder_color": "soft",
    "checkbox_label_background_fill": "sheet",
    "button_primary_background_fill": "accent",
    "button_primary_background_fill_hover": "accent-strong",
    "button_primary_text_color": "on-accent",
    "button_primary_border_color": "accent",
    "button_primary_border_color_hover": "accent-strong",
    "button_secondary_background_fill": "sheet",
    "button_secondary_background_fill_hover": "tint",
    "button_secondary_text_color": "ink",
    "button_secondary_text_color_hover": "ink",
    "button_secondary_border_color": "edge",
    "button_secondary_border_color_hover": "accent",
    "checkbox_border_color": "edge",
    "accordion_text_color": "soft",
    "color_accent": "accent",
    "table_text_color": "ink",
    "table_border_color": "rule",
    "table_even_background_fill": "sheet",
    "table_odd_background_fill": "paper",
    "table_row_focus": "tint",
    "block_info_text_color": "soft",
}


def _theme() -> gr.themes.Base:
    # Plain names, not gr.themes.GoogleFont: the page must not ask another host for anything.
    theme = gr.themes.Base(font=SANS, font_mono=MONO, radius_size="sm")
    theme.set(
        # The page is painted with these two before any style sheet is there.
        body_background_fill="#faf7f0",
        body_background_fill_dark="#161513",
        block_border_width="0px",
        block_shadow="none",
        input_radius="8px",
        button_large_radius="8px",
        button_medium_radius="8px",
        checkbox_background_color="var(--sheet)",
        checkbox_background_color_dark="var(--sheet)",
        input_border_width="1px",
        **{name: f"var(--{color})" for name, color in _PARTS.items()},
        **{
            f"{name}_dark": f"var(--{color})"
            for name, color in _PARTS.items()
            if name != "color_accent"  # one for both, and `--accent` itself is of either
        },
    )
    return theme


THEME = _theme()
