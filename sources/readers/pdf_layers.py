"""The layers of a PDF (optional content) that a viewer shows switched off."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pypdf import PageObject


def switched_off(page: PageObject) -> frozenset[int]:
    """The numbers of the layers of the file that a viewer shows switched off."""
    with suppress(Exception):  # a damaged file has none
        layers = resolved(page.pdf.root_object.get("/OCProperties"))  # type: ignore[union-attr]
        if not layers:
            return frozenset()
        told = resolved(layers.get("/D", {}))
        off = {_number(one) for one in resolved(told.get("/OFF", []))}
        if told.get("/BaseState") == "/OFF":
            on = {_number(one) for one in resolved(told.get("/ON", []))}
            off |= {_number(one) for one in resolved(layers.get("/OCGs", []))} - on
        return frozenset(one for one in off if one)
    return frozenset()


def _all_of(layers: Any) -> list[Any]:
    """The layers of a membership, where it shows nothing unless one of them is on."""
    if not layers or layers.get("/Type") != "/OCMD" or "/VE" in layers:
        return []
    said = layers.raw_get("/OCGs") if "/OCGs" in layers else []
    found = resolved(said)
    return list(found) if isinstance(found, list) and len(found) == 1 else [said]


def _number(reference: Any) -> int:
    return int(getattr(reference, "idnum", 0))


def is_off(off: frozenset[int], marked: list[Any], resources: Any) -> bool:
    """Whether content that is `marked` by tag and name is of a layer in `off`."""
    if not off or len(marked) < 2 or marked[0] != "/OC":
        return False
    name = marked[1]
    layers = resolved((resources or {}).get("/Properties", {}))
    layer = layers.raw_get(name) if name in layers else None
    return _number(layer) in off or any(_number(one) in off for one in _all_of(resolved(layer)))


def resolved(reference: Any) -> Any:
    """What a reference leads to; what is none, itself."""
    return reference.get_object() if hasattr(reference, "get_object") else reference
