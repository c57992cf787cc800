"""Dataclasses read again from the JSON that was made of them, by this version or another."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

T = TypeVar("T")


def from_json(kind: type[T], values: Mapping[str, Any]) -> T:
    """A dataclass from what `asdict` and JSON made of it; what it does not know any more is left
    out, and what it did not know then has its default."""
    hints = typing.get_type_hints(kind)
    known = [field.name for field in fields(kind) if field.name in values]  # type: ignore[arg-type]
    return kind(**{name: _value(hints[name], values[name]) for name in known})


def _value(hint: Any, value: Any) -> Any:
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        if value is None:
            return None
        hint = next(one for one in typing.get_args(hint) if one is not type(None))
    if typing.get_origin(hint) is tuple:
        inner = typing.get_args(hint)
        inner = inner[:1] * len(value) if inner[1:] == (...,) else inner
        return tuple(_value(one, item) for one, item in zip(inner, value, strict=False))
    if is_dataclass(hint):
        return from_json(hint, value)  # type: ignore[arg-type]
    # JSON writes 1.0 as it is; 1 is a number, too, where one with a fraction may stand.
    if isinstance(hint, type) and not isinstance(value, (int, float) if hint is float else hint):
        raise TypeError(f"{value!r} is no {hint.__name__}")
    return value
