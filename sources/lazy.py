"""What a package exports, loaded when it is first used, so that importing the package is cheap."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from importlib import import_module
from typing import Any


def loader(package: str, modules: Sequence[str], exported: Collection[str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package: a name is in the first of its `modules` that has it, so the
    light ones stand first. It raises AttributeError for what is not exported."""

    def load(name: str) -> Any:
        if name in exported:
            for module in modules:
                found = import_module(f"{package}.{module}")
                if hasattr(found, name):
                    return getattr(found, name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return load
