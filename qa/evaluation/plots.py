"""Plots as shapes of a page, which a template makes SVG of: no script, and nothing is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = Sequence[float] | NDArray[np.float64]

# A curve of more points looks the same and only makes the page larger.
_MOST_POINTS = 300


@dataclass(frozen=True, slots=True)
class Line:
    """A line; `points` are its x,y in order, with a space between."""

    colour: str
    points: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A dot; `note` is shown where the pointer rests on it."""

    colour: str
    x: float
    y: float
    radius: float
    note: str
    points: None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid: where it is across and down, and what stands beside both axes."""

    across: float
    down: float
    x: str
    y: str


class Plot:
    """A plot that lines, bars and points are added to; classes (`a`, `b`, `c`) give the colours."""

    width, height = 460, 320
    left, right, top, bottom = 58, 446, 14, 274
    across, down = 252.0, 144.0  # the middle, where the labels stand

    def __init__(
        self,
        title: str,
        x_label: str,
        y_label: str,
        *,
        x: tuple[float, float] = (0.0, 1.0),
        y: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        self.title, self.x_label, self.y_label = title, x_label, y_label
        self._x, self._y = x, y
        self.shapes: list[Line | Dot] = []
        self.legend: list[tuple[str, str]] = []

    def line(self, xs: Numbers, ys: Numbers, colour: str, label: str = "") -> None:
        """A line through points in order."""
        places = np.unique(np.linspace(0, len(xs) - 1, min(len(xs), _MOST_POINTS)).astype(int))
        points = " ".join(f"{self._at_x(xs[p])},{self._at_y(ys[p])}" for p in places)
        self.shapes.append(Line(colour, points))
        if label:
            self.legend.append((colour, label))

    def point(self, x: float, y: float, colour: str, note: str, radius: float = 4) -> None:
        """A dot with a note."""
        dot = Dot(colour, self._at_x(x), self._at_y(y), round(radius, 1), note)
        self.shapes.append(dot)

    def bars(self, edges: Numbers, heights: Numbers, colour: str, label: str) -> None:
        """The outline of a histogram; there is one edge more than heights."""
        xs = np.repeat(np.asarray(edges, dtype=float), 2)
        ys = np.concatenate([[0.0], np.repeat(np.asarray(heights, dtype=float), 2), [0.0]])
        self.line(xs, ys, colour, label)

    @property
    def ticks(self) -> list[Tick]:
        """The lines of the grid."""
        found = []
        for share in np.linspace(0, 1, 6):
            x, y = (low + share * (high - low) for low, high in (self._x, self._y))
            found.append(Tick(self._at_x(x), self._at_y(y), f"{x:.3g}", f"{y:.3g}"))
        return found

    def _at_x(self, value: float) -> float:
        return round(self.left + _share(value, self._x) * (self.right - self.left), 1)

    def _at_y(self, value: float) -> float:
        return round(self.bottom - _share(value, self._y) * (self.bottom - self.top), 1)


def _share(value: float, limits: tuple[float, float]) -> float:
    low, high = limits
    return min(max((float(value) - low) / (high - low), 0.0), 1.0)
