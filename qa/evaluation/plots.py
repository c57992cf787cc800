"""Plots as SVG that stands inside a page: no script, nothing loaded, every text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

Numbers = Sequence[float] | NDArray[np.float64]

_WIDTH, _HEIGHT = 460, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 14, 14, 46
# A curve of more points looks the same and only makes the page larger.
_MOST_POINTS = 300


class Plot:
    """A plot that lines, bars and points are added to; classes (`a`, `b`, `c`) give the colours."""

    def __init__(
        self,
        title: str,
        x_label: str,
        y_label: str,
        *,
        x: tuple[float, float] = (0.0, 1.0),
        y: tuple[float, float] = (0.0, 1.0),
        unit: str = "",
    ) -> None:
        self._title = title
        self._labels = (x_label, y_label)
        self._x, self._y, self._unit = x, y, unit
        self._parts: list[str] = []
        self._legend: list[tuple[str, str]] = []

    def line(self, xs: Numbers, ys: Numbers, colour: str, label: str = "") -> None:
        """A line through points in order."""
        places = np.unique(np.linspace(0, len(xs) - 1, min(len(xs), _MOST_POINTS)).astype(int))
        points = " ".join(f"{self._at_x(xs[p]):.1f},{self._at_y(ys[p]):.1f}" for p in places)
        self._parts.append(f'<polyline class="{colour}" points="{points}"/>')
        if label:
            self._legend.append((colour, label))

    def point(self, x: float, y: float, colour: str, note: str, radius: float = 4) -> None:
        """A dot; `note` is shown where the pointer rests on it."""
        self._parts.append(
            f'<circle class="{colour}" cx="{self._at_x(x):.1f}" cy="{self._at_y(y):.1f}" '
            f'r="{radius:.1f}"><title>{escape(note)}</title></circle>'
        )

    def bars(self, edges: Numbers, heights: Numbers, colour: str, label: str) -> None:
        """The outline of a histogram; there is one edge more than heights."""
        xs = np.repeat(np.asarray(edges, dtype=float), 2)
        ys = np.concatenate([[0.0], np.repeat(np.asarray(heights, dtype=float), 2), [0.0]])
        self.line(xs, ys, colour, label)

    def svg(self) -> str:
        """The plot as an `svg` element."""
        right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
        parts = [
            f'<svg class="plot" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
            f'aria-label="{escape(self._title, quote=True)}">'
        ]
        for share in np.linspace(0, 1, 6):
            x, y = (low + share * (high - low) for low, high in (self._x, self._y))
            across, down = self._at_x(x), self._at_y(y)
            parts.append(
                f'<path class="grid" d="M{across:.1f} {_TOP}V{bottom}M{_LEFT} {down:.1f}H{right}"/>'
                f'<text x="{across:.1f}" y="{bottom + 16}" text-anchor="middle">'
                f"{x:.3g}{escape(self._unit)}</text>"
                f'<text x="{_LEFT - 6}" y="{down + 4:.1f}" text-anchor="end">{y:.3g}</text>'
            )
        middle = (_TOP + bottom) / 2
        parts += [
            f'<text class="label" x="{(_LEFT + right) / 2}" y="{_HEIGHT - 8}" '
            f'text-anchor="middle">{escape(self._labels[0])}</text>',
            f'<text class="label" transform="translate(14 {middle}) rotate(-90)" '
            f'text-anchor="middle">{escape(self._labels[1])}</text>',
            *self._parts,
            "</svg>",
        ]
        legend = "".join(
            f'<span><i class="{colour}"></i>{escape(label)}</span>'
            for colour, label in self._legend
        )
        return (
            f"<figure><figcaption>{escape(self._title)}</figcaption>{''.join(parts)}"
            f'<div class="legend">{legend}</div></figure>'
        )

    def _at_x(self, value: float) -> float:
        low, high = self._x
        share = min(max((float(value) - low) / (high - low), 0.0), 1.0)
        return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)

    def _at_y(self, value: float) -> float:
        low, high = self._y
        share = min(max((float(value) - low) / (high - low), 0.0), 1.0)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)
