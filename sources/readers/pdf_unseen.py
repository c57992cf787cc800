"""What of a PDF's text is painted so that no one sees it: found operation by operation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from pypdf import PageObject
from pypdf.generic import ArrayObject, ByteStringObject

from sources.readers.pdf_layers import is_off, resolved, switched_off
from sources.readers.unseen import SMALLEST

Box = tuple[float, float, float, float]
Matrix = Sequence[float]
Colour = tuple[float, ...]
"""Red, green and blue from 0 to 1; () where it is not known."""

_NOWHERE = (float("inf"), float("inf"), float("-inf"), float("-inf"))
_IDENTITY = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_NOT_PAINTED = frozenset((3, 7))  # render modes
_WHITE = 0.97  # of each colour at least
_FAINT = 0.02
_MOST_BOXES = 2_000
_MOST_TEXTS = 20_000
_NEAR = 3.0  # points: a box ends about where its text does
_FILLS = frozenset((b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*"))
_CLEAR = 0.99
_ALIKE = 0.06
_SCAN = 0.6  # of the page
_FLAT = 0.05  # of the width of letters: narrower ones are not read
_SHOWS = {b"Tj": 0, b"TJ": 0, b"'": 0, b'"': 2}
_POINTS = {b"m": 2, b"l": 2, b"c": 6, b"v": 4, b"y": 4}
_COLOURS = {b"g": 1, b"rg": 3, b"k": 4, b"sc": 0, b"scn": 0}
_LINE_COLOURS = frozenset((b"G", b"RG", b"K"))
_SPACES = frozenset(
    ("/DeviceGray", "/DeviceRGB", "/DeviceCMYK", "/CalGray", "/CalRGB", "/ICCBased", "/G", "/RGB")
)


@dataclass(slots=True)
class _State:
    """What is painted with, as far as it decides what is seen."""

    mode: int = 0
    white: bool = False
    white_lines: bool = False
    plain: bool = True  # the colour space says by its numbers what is white
    opacity: float = 1.0
    size: float = 1.0
    stretch: float = 1.0  # of letters, across
    colour: Colour = (0.0, 0.0, 0.0)
    clip: Box | None = None
    blended: Any = "/Normal"  # how it is mixed with what is below
    masked: bool = False

    @property
    def all_white(self) -> bool:
        """Whether letters are white, filled or drawn as lines, or both, as the mode says."""
        return (self.white or self.mode % 4 == 1) and (self.white_lines or self.mode % 4 == 0)


@dataclass(slots=True)
class _Form:
    """Where a form is painted, and what it calls by name."""

    resources: Any
    place: Matrix
    states: list[_State]


@dataclass(slots=True)
class UnseenText:
    """Empties what shows text that nobody sees, while pypdf reads the operations of a page.

    Text that is not painted is the text layer of a scan where an image lies there, and stays;
    `images` are those known from a reading before. White text is seen on what is not white. Where
    more is painted on an image as large as the page than the image excuses, it is no scan, but a
    `background`, as a reading before found.
    """

    page: PageObject
    images: list[Box] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    background: bool = False
    late_image: bool = False
    _painted: list[Box] = field(default_factory=list)
    _path: list[tuple[float, float]] = field(default_factory=list)
    _forms: list[_Form] = field(default_factory=list)
    _state: _State = field(default_factory=_State)
    _last: str = ""
    _emptied: Any = None
    covers: list[tuple[int, Box]] = field(default_factory=list)
    """Boxes that are painted over what is there, with how many texts were shown before them."""
    later: list[tuple[int, Box]] = field(default_factory=list)
    """The same, as a reading before found them."""
    covered: bool = False
    """Whether a text was shown that a box covers later."""
    scans: list[tuple[int, Box]] = field(default_factory=list)
    """Images as large as the page, as `covers`."""
    _excused: int = 0
    _under: int = 0
    _seen: int = 0
    _shown: list[tuple[float, float]] = field(default_factory=list)
    _grounds: list[tuple[Box, Colour]] = field(default_factory=list)
    _boxes: list[Box] = field(default_factory=list)
    _clips: bool = False
    _marked: list[bool] = field(default_factory=list)
    _off: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        self._off = switched_off(self.page)
        self._forms.append(_Form(resolved(self.page.get("/Resources")), _IDENTITY, []))

    @property
    def shows_over_scan(self) -> bool:
        """Whether more letters are painted over an image as large as the page than lie unpainted
        on it or under it: those are not what it shows, then."""
        excused = self._excused + self._under
        return bool(self.scans) and 0 < excused <= self._seen - self._under

    def before(self, operator: bytes, operands: list[Any], cm: Matrix, tm: Matrix) -> None:
        """Follow one operation before pypdf does; empty it where it shows what no one sees."""
        # A damaged operation says nothing
        with suppress(TypeError, ValueError, IndexError, KeyError, AttributeError):
            self._follow(operator, operands, _times(cm, self._forms[-1].place), tm)

    def after(self, operator: bytes, operands: list[Any], cm: Matrix, tm: Matrix) -> None:
        """Put back what was emptied, and leave a form."""
        if self._emptied is not None:
            at, was = self._emptied
            operands[at] = was
            self._emptied = None
        elif operator == b"Do" and len(self._forms) > 1:
            self._state = self._forms.pop().states[0]

    def _follow(self, operator: bytes, operands: list[Any], place: Matrix, tm: Matrix) -> None:
        state = self._state
        if operator in _SHOWS:
            reason = self._reason(place, tm, operands[_SHOWS[operator]])
            if reason:
                self.found[reason] += reason != self._last
                at = _SHOWS[operator]
                self._emptied = (at, operands[at])
                operands[at] = ArrayObject() if operator == b"TJ" else ByteStringObject(b"")
            self._last = reason
        elif operator == b"q":
            self._forms[-1].states.append(replace(state))
        elif operator == b"Q":
            # The first is what the form was called with
            if len(self._forms[-1].states) > (len(self._forms) > 1):
                self._state = self._forms[-1].states.pop()
        elif operator == b"Tf":
            state.size = abs(float(operands[1]))
        elif operator == b"Tz":
            state.stretch = abs(float(operands[0])) / 100
        elif operator in (b"BDC", b"BMC"):
            self._marked.append(is_off(self._off, operands, self._forms[-1].resources))
        elif operator == b"EMC" and self._marked:
            self._marked.pop()
        elif operator == b"Tr":
            state.mode = int(operands[0])
        elif operator == b"gs":
            named = self._named("/ExtGState", operands[0])
            state.opacity = float(named.get("/ca", state.opacity))
            state.blended = named.get("/BM", state.blended)
            state.masked = (
                named.get("/SMask", "/None") != "/None" if "/SMask" in named else state.masked
            )
        elif operator in _COLOURS:
            numbers = [float(one) for one in operands if isinstance(one, (int, float))]
            known = operator in (b"g", b"rg", b"k") or state.plain
            state.white = known and _is_white(numbers)
            state.colour = _rgb(numbers) if known else ()
        elif operator in _LINE_COLOURS:
            numbers = [float(one) for one in operands]
            state.white_lines = _is_white(numbers)
        elif operator in (b"CS", b"SC", b"SCN"):
            state.white_lines = False  # of which space is not followed
        elif operator == b"cs":
            state.white = False
            state.colour = ()
            state.plain = operands[0] in _SPACES or self._is_plain(operands[0])
        elif operator == b"re":
            x, y, width, height = map(float, operands)
            corners = [_at(x + a * width, y + b * height, place) for a in (0, 1) for b in (0, 1)]
            self._path += corners
            if len(self._boxes) < _MOST_BOXES and not (place[1] or place[2]):
                self._boxes.append(_around(corners))
        elif operator in (b"W", b"W*"):
            self._clips = bool(self._path)
        elif operator in _POINTS:
            numbers = [float(one) for one in operands[: _POINTS[operator]]]
            self._path += [
                _at(x, y, place) for x, y in zip(numbers[::2], numbers[1::2], strict=True)
            ]
        elif operator in _FILLS or operator in (b"S", b"s", b"n"):
            if operator in _FILLS and not state.white and state.opacity > _FAINT and self._path:
                self._paint(_around(self._path))
            if operator in _FILLS:
                self._fill()
            if self._clips:
                state.clip = _shared(_around(self._path), state.clip) or _NOWHERE
            self._clips = False
            self._path.clear()
            self._boxes.clear()
        elif operator == b"sh":
            self._paint((float("-inf"), float("-inf"), float("inf"), float("inf")))
        elif operator == b"INLINE IMAGE":
            self._image(place, {"/ImageMask": True})  # what it holds is not known
        elif operator == b"Do":
            form = _Form(self._forms[-1].resources, place, [replace(self._state)])
            named = self._named("/XObject", operands[0]) if operands else {}
            self._forms.append(form)  # first: `after` leaves it, whatever it calls
            if named.get("/Subtype") == "/Image":
                self._image(place, named)
            else:
                form.resources = resolved(named.get("/Resources")) or form.resources
                matrix = [float(one) for one in named.get("/Matrix", _IDENTITY)]
                form.place = _times(matrix, place)

    def _image(self, place: Matrix, named: Any) -> None:
        box = _around([_at(x, y, place) for x in (0, 1) for y in (0, 1)])
        self.images.append(box)
        self._paint(box)
        self.late_image = self.late_image or self.found["not painted"] > 0
        # An image as large as the page is a scan, and what lies under it says what it shows
        left, low, right, high = map(float, self.page.cropbox)
        is_scan = (box[2] - box[0]) * (box[3] - box[1]) > _SCAN * (right - left) * (high - low)
        clear = any(named.get(name) for name in ("/SMask", "/Mask", "/ImageMask"))
        if is_scan and len(self.scans) < _MOST_BOXES:
            self.scans.append((len(self._shown) if not clear else 0, box))
            self._under = self._under if clear else self._seen
        if not (clear or is_scan or place[1] or place[2]):
            self._cover([box])

    def _fill(self) -> None:
        """Note what a fill covers: boxes alone, for of another path the inside is not known."""
        if len(self._path) == 4 * len(self._boxes):
            for seen in self._cover(self._boxes):
                self._grounds.append((seen, self._state.colour))

    def _cover(self, boxes: Sequence[Box]) -> list[Box]:
        """Note that boxes are painted over what is there; those of which anything is seen."""
        state = self._state
        solid = state.opacity >= _CLEAR and not state.masked and state.blended == "/Normal"
        if not solid or len(self.covers) >= _MOST_BOXES:
            return []
        found = [seen for box in boxes if (seen := _shared(box, state.clip))]
        for seen in found:
            self.covers.append((len(self._shown), seen))
            # Only what is shown by the first reading of a page asks for a second
            self.covered = self.covered or any(_inside(*at, seen) for at in self._shown)
        return found

    def _reason(self, place: Matrix, tm: Matrix, said: Any) -> str:
        """Why text that is shown here is not seen; "" where it is."""
        if any(self._marked):
            return "in a layer that is switched off"
        state = self._state
        scale = ((tm[2] ** 2 + tm[3] ** 2) * (place[2] ** 2 + place[3] ** 2)) ** 0.5
        x, y = _at(tm[4], tm[5], place)
        _, low, right, high = map(float, self.page.cropbox)
        if not (low <= y <= high) or x > right:
            return "outside the page"
        if state.mode in _NOT_PAINTED:
            scans = {box for _, box in self.scans} if self.background else ()
            if not _covered(x, y, [one for one in self.images if one not in scans]):
                return "not painted"
            self._excused += _letters(said)
        if state.opacity < _FAINT:
            return "transparent"
        if 0 < state.size * scale < SMALLEST or state.stretch < _FLAT:
            return "tiny"
        height, wide = state.size * scale, state.size * scale * _letters(said)
        if (
            state.clip is not None
            and not _shared((x, y - height / 2, x + wide, y + height), state.clip)
            and not (tm[1] or tm[2] or place[1] or place[2])
        ):
            return "cut off"
        if state.mode not in _NOT_PAINTED:
            number = len(self._shown)
            if number < _MOST_TEXTS:
                self._shown.append((x, y))
            # The middle of the first letter, too: a line under or over a text covers none
            middle = (x, y + height / 3)
            if any(
                after > number and _inside(x, y, box) and _inside(*middle, box)
                for after, box in self.later
            ):
                return "covered"
            ground = next((c for box, c in reversed(self._grounds) if _inside(*middle, box)), ())
            on_image = any(_inside(*middle, box) for box in self.images)
            filled = state.mode % 4 == 0
            if (
                filled
                and ground
                and not on_image
                and not state.white
                and _alike(state.colour, ground)
            ):
                return "the colour of its ground"
            crowded = len(self._painted) >= _MOST_BOXES
            if state.all_white and not (crowded or _covered(x, y, self._painted)):
                return "white"
            self._seen += _letters(said)
        return ""

    def _paint(self, box: Box) -> None:
        if len(self._painted) < _MOST_BOXES:
            self._painted.append(box)

    def _named(self, kind: str, name: Any) -> Any:
        """What a name stands for among the resources in force; an empty dictionary for nothing."""
        return resolved(resolved((self._forms[-1].resources or {}).get(kind, {})).get(name)) or {}

    def _is_plain(self, name: Any) -> bool:
        space = self._named("/ColorSpace", name)
        return bool(space) and isinstance(space, list) and str(space[0]) in _SPACES


def _times(first: Matrix, then: Matrix) -> Matrix:
    if then is _IDENTITY:
        return first
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (
        a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j,
        e * g + f * i + k, e * h + f * j + m,
    )  # fmt: skip


def _at(x: float, y: float, place: Matrix) -> tuple[float, float]:
    return x * place[0] + y * place[2] + place[4], x * place[1] + y * place[3] + place[5]


def _around(points: Sequence[tuple[float, float]]) -> Box:
    across, up = [x for x, _ in points], [y for _, y in points]
    return min(across), min(up), max(across), max(up)


def _covered(x: float, y: float, boxes: Sequence[Box]) -> bool:
    return any(
        left - _NEAR <= x <= right + _NEAR and low - _NEAR <= y <= high + _NEAR
        for left, low, right, high in boxes
    )


def _letters(said: Any) -> int:
    """How many letters are shown, at most."""
    parts = said if isinstance(said, list) else [said]
    return sum(len(one) for one in parts if isinstance(one, (str, bytes)))


def _is_white(numbers: Sequence[float]) -> bool:
    if len(numbers) == 4:
        return max(numbers) <= 1 - _WHITE
    return bool(numbers) and min(numbers) >= _WHITE


def _rgb(numbers: Sequence[float]) -> Colour:
    if len(numbers) == 1:
        return (numbers[0],) * 3
    if len(numbers) == 4:
        return tuple((1 - one) * (1 - numbers[3]) for one in numbers[:3])
    return tuple(numbers) if len(numbers) == 3 else ()


def _alike(one: Colour, other: Colour) -> bool:
    return bool(one and other) and all(
        abs(a - b) <= _ALIKE for a, b in zip(one, other, strict=True)
    )


def _inside(x: float, y: float, box: Box) -> bool:
    left, low, right, high = box
    return left <= x <= right and low <= y <= high


def _shared(one: Box, other: Box | None) -> Box | None:
    """What two boxes have in common; None for nothing. Without another, the first."""
    if other is None:
        return one
    left, low = max(one[0], other[0]), max(one[1], other[1])
    right, high = min(one[2], other[2]), min(one[3], other[3])
    return (left, low, right, high) if left <= right and low <= high else None
