"""Every template, found by listing its folder, with hostile values in every place."""

from __future__ import annotations

import random
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError, meta
from jinja2.runtime import Macro

import qa
from qa.templates import environment, is_web_address
from qa.web.shared.render import TEMPLATES

FOLDERS = sorted(Path(qa.__file__).parent.rglob("templates"))
FILES = [file for folder in FOLDERS for file in sorted(folder.iterdir())]
BIDI = "\u202e\u2066\u200b"
# An address is one that the templates let through, for the quotes in it must not end the attribute.
ATTACKS = (
    f"<owned onowned=1>{BIDI}</owned></p></style></script>",
    f"\" onowned=1 x=' onowned=2 {BIDI}><owned>",
    f"javascript:owned(){BIDI}",
    "https://a.example/\"onowned='1'><owned>",
    "{{ owned }}{% owned %} -->]]><owned>",
)
LINKS = ("href", "src", "action", "formaction", "data", "poster", "xlink:href")


class Hostile:
    """Whatever a template does with a value, it gets another one like it, and never HTML."""

    def __init__(self, chance: random.Random, depth: int = 0) -> None:
        self._chance, self._depth = chance, depth
        self._said = chance.choice(ATTACKS)

    def _next(self, *_: object, **__: object) -> Hostile:
        return Hostile(self._chance, self._depth + 1)

    def __getattr__(self, name: str) -> Hostile:
        if name.startswith("_"):  # it must not say that it is HTML already
            raise AttributeError(name)
        return self._next()

    __getitem__ = __call__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __mod__ = _next

    def __str__(self) -> str:
        return self._said

    def __iter__(self):
        return iter([self._next() for _ in range(2 if self._depth < 6 else 0)])

    def __len__(self) -> int:
        return 3

    def __bool__(self) -> bool:
        return self._chance.random() < 0.7

    def __eq__(self, other: object) -> bool:
        return self._chance.random() < 0.5

    def __hash__(self) -> int:
        return 0

    def __lt__(self, other: object) -> bool:
        return self._chance.random() < 0.5

    __le__ = __gt__ = __ge__ = __contains__ = __lt__

    def __int__(self) -> int:
        return 1

    __index__ = __int__

    def __float__(self) -> float:
        return 0.5

    def __format__(self, spec: str) -> str:
        return str(self)


class _Page(HTMLParser):
    """What of an attack became markup."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.owned: list[str] = []
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag, attrs):
        if "owned" in tag:
            self.owned.append(tag)
        for name, value in attrs:
            value = (value or "").strip().lower()
            if "owned" in name or (name == "style" and "owned" in value):
                self.owned.append(f"{tag} {name}")
            ours = value.startswith(("#", "/", "./", "data:image/jpeg;base64,"))
            if name in LINKS and not (ours or is_web_address(value)):
                self.owned.append(f"{tag} {name}={value}")


@lru_cache
def _environment(folder):
    """The templates as the program has them, and the names of all values that they are given."""
    made = environment(
        folder, {name: TEMPLATES.filters[name] for name in ("count", "standing_words")}
    )
    # These take text apart, which a hostile value is not.
    made.filters |= {"day": str, "parted": lambda said: said, "item": lambda line: line}
    made.filters |= {"cells": lambda row: [row], "parts": lambda answer: answer.parts}
    made.tests["block"] = TEMPLATES.tests["block"]
    made.tests["web_address"] = lambda url: is_web_address(str(url))
    made.globals |= TEMPLATES.globals
    names = set()
    for file in folder.iterdir():
        names |= meta.find_undeclared_variables(made.parse(file.read_text(encoding="utf-8")))
    return made, names - set(made.globals)


def _rendered(file, seed):
    """The template, then each of its macros, with nothing but hostile values."""
    chance = random.Random(seed)
    made, names = _environment(file.parent)
    module = made.get_template(file.name).make_module({name: Hostile(chance) for name in names})
    yield str(module)
    for macro in vars(module).values():
        if isinstance(macro, Macro):
            yield str(macro(*(Hostile(chance) for _ in macro.arguments)))


def _check(file, tries=12):
    for seed in range(tries):
        for shown in _rendered(file, seed):
            assert _Page(shown).owned == [], shown
            assert "<owned" not in shown.lower()
            assert not any(letter in shown for letter in BIDI)


def test_the_templates_are_found():
    assert {folder.parent.name for folder in FOLDERS} >= {"web", "evaluation"}
    assert len(FILES) > 15


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.parent.name}/{file.name}")
def test_a_template_shows_nothing_raw(file):
    _check(file)


@pytest.mark.parametrize(
    "source",
    [
        "<p>{{ value|safe }}</p>",
        "<p class={{ value }}>x</p>",
        '<a href="{{ value }}">x</a>',
        "{% macro part(value) %}<b>{{ value|safe }}</b>{% endmacro %}",
        "{% autoescape false %}{{ value }}{% endautoescape %}",
        "{% if value %}{% else %}<i>{{ value|safe }}</i>{% endif %}",
        '<{{ value }} class="a">',
    ],
)
def test_a_template_that_shows_something_raw_is_found(tmp_path, source):
    (tmp_path / "bad.html").write_text(source)
    with pytest.raises(AssertionError):
        _check(tmp_path / "bad.html")


def test_a_value_that_nobody_gave_is_an_error(tmp_path):
    (tmp_path / "a.html").write_text("<p>{{ missing }}</p>")
    with pytest.raises(UndefinedError):
        environment(tmp_path).get_template("a.html").render()


def test_nothing_is_shown_of_none_and_numbers_as_they_are(tmp_path):
    (tmp_path / "a.html").write_text("{{ nothing }}{{ 7 }}{{ text|isolated }}")
    shown = environment(tmp_path).get_template("a.html").render(nothing=None, text="a\u202e<b>")
    assert shown == "7<bdi>a&lt;b&gt;</bdi>"
