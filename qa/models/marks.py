"""Marks of citations as language models write them, and what stands around a sentence.

The same passage is [1], [^1], 【1†source】, (Source 1), ¹, <sup>1</sup> or "as passage 1 says".
All of it is put as [1] before sentences are told apart, so that none ends within a mark.
"""

from __future__ import annotations

import re
import unicodedata

_NUMBER = r"-?\d+"
_PASSAGES = r"(?:sources?|passages?|ref(?:erence)?s?|citations?)"
# What stands before a number in a mark. In brackets alone: "[S1]", "[#1]", "[doc 1]".
_LABEL = rf"(?:{_PASSAGES}|documents?|docs?|numbers?|no\.|ids?|[#SP](?=\d)):?\s{{0,3}}"
_BETWEEN = r"\s{0,3}(?:[,;&\N{EN DASH}-]|and|to)\s{0,3}"
_NUMBERS = rf"{_NUMBER}(?:{_BETWEEN}{_NUMBER})*"
_LABELLED = rf"\^?(?:{_LABEL})?{_NUMBER}(?:{_BETWEEN}\^?(?:{_LABEL})?{_NUMBER})*"
_IN_BRACKETS = rf"\[\s{{0,3}}{_LABELLED}(?:†[^\]\n]{{0,60}})?\s{{0,3}}\]"
# What looks like a marker of ours: [7], [1, 2], [1-3], [^1], [Source 1], 【1†source】, (Source 1).
MARKER = re.compile(
    rf"{_IN_BRACKETS}"
    rf"|【\s{{0,3}}{_NUMBERS}(?:†[^】\n]{{0,60}})?\s{{0,3}}】"
    rf"|\((?:see |from )?{_PASSAGES}:?\s{{0,3}}{_NUMBER}"
    rf"(?:{_BETWEEN}(?:{_PASSAGES}\s{{0,3}})?{_NUMBER})*\)",
    re.IGNORECASE,
)
_ADDRESS = r"\((?:https?:|[#/.])[^()\s]{0,300}\)"
# Forms that a model alone writes, each with what it is put as. A mark that points into a file of
# its own ("【4:0†source】") says nothing of our passages.
_FORMS = (
    (re.compile(r"\\(?=[\[\]])"), ""),
    (re.compile(r"【\d+:\d+(?:†[^】\n]{0,60})?】"), ""),
    (re.compile(rf"\[({_IN_BRACKETS})\](?:{_ADDRESS})?", re.IGNORECASE), r"\1"),
    (re.compile(rf"({_IN_BRACKETS}){_ADDRESS}", re.IGNORECASE), r"\1"),
    (re.compile(rf"\\(?:cite|ref|footnote)\w?\{{\s*({_NUMBERS})\s*\}}"), r"[\1]"),
    (
        re.compile(
            rf"<(ref|cite|citation|source|passage)\b[^<>\n]{{0,80}}>\s*\[?({_NUMBERS})\]?\s*</\1>",
            re.IGNORECASE,
        ),
        r"[\2]",
    ),
    (re.compile(rf"<sup>\s*({_IN_BRACKETS})\s*</sup>", re.IGNORECASE), r"\1"),
    (re.compile(rf"\(\s*({_IN_BRACKETS}(?:[\s,;]*{_IN_BRACKETS})*)\s*\)", re.IGNORECASE), r"\1"),
)
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_SUP = re.compile(r"<sup>\s*(\d{1,2}(?:\s*[,;]\s*\d{1,2})*)\s*</sup>", re.IGNORECASE)
# Raised numbers, where they are no power of what they stand behind: after the end of a sentence or
# clause, and at its end after a word that is no unit of length, or after a year.
_SUPERSCRIPT = re.compile(
    rf"(?:(?<=[.!?;:,\"”’»])|(?<=\b1[4-9]\d\d)(?=[{_RAISED},]{{1,8}}[.!?;])"
    rf"|(?<=\b20\d\d)(?=[{_RAISED},]{{1,8}}[.!?;])"
    rf"|(?<=[^\W\d_]{{4}})(?<!metre)(?<!metres)(?<!meter)(?<!meters)(?<!mile)(?<!miles)(?<!foot)"
    rf"(?<!feet)(?<!inch)(?<!inches)(?<!yard)(?<!yards)(?=[{_RAISED},]{{1,8}}[.!?;]))"
    rf"[{_RAISED}]{{1,2}}(?:,?[{_RAISED}])*"
)
# "(1)" is a mark behind the end of a sentence; a text that begins with it counts what it says.
_ROUND = re.compile(rf"(?<=[.!?])([\"'”’»]?)[ ]?[({{]\s?({_NUMBERS})\s?[)}}](?=\s|$)")
_COUNTS = re.compile(r"\s*\(\d")

_ORDINALS = {
    name: number
    for number, name in enumerate(("first", "second", "third", "fourth", "fifth", "sixth"), start=1)
}
_OF_ONE = (
    rf"(?:(?P<NAME>{'|'.join(_ORDINALS)}) (?:passage|source|document)"
    rf"|(?:{_PASSAGES} )?(?:\[{_NUMBERS}\])+|{_PASSAGES} {_NUMBERS})"
)
_SAYS = (
    r"(?:says?|states?|notes?|mentions?|reports?|explains?|indicates?|confirms?|adds?|shows?) that "
)
# The same in words: "According to passage 1, ...", "Passage 2 says that ...".
_SPOKEN = re.compile(
    r"(?:^|,?\s)(?:according to|based on"
    r"|as (?:stated|noted|said|described|shown|reported) (?:in|by))"
    rf" (?:the )?{_OF_ONE.replace('NAME', 'a')}(?:,\s*|\s*(?=[.!?]|$))"
    rf"|^(?:the )?{_OF_ONE.replace('NAME', 'b')} {_SAYS}",
    re.IGNORECASE,
)
# Words before an answer that belong to nobody's statement: "**Answer:**", "Based on the passages,".
_GIVEN = r"(?:provided|given|above|supplied|cited)"
_MATERIAL = r"(?:passages?|sources?|documents?|texts?|context|information)"
_BEFORE = re.compile(
    r"^[\s*_#>]*(?:(?:the|final|short|my)\s){0,2}(?:answer|response)[*_]{0,2}:[*_]{0,2}\s+"
    r"|^\s*(?:(?:sure|certainly|of course)\W+)?here(?:'s|’s| is| are)\s[^:.\n]{1,80}:\s+(?=\S)"
    rf"|^\s*(?:based on|according to|as (?:stated|noted|described) in|from) (?:the )?"
    rf"(?:(?:{_GIVEN} {_MATERIAL}|passages?|context)(?: {_GIVEN})?"
    rf"|{_MATERIAL} {_GIVEN}),\s+",
    re.IGNORECASE,
)
_RANGE = re.compile(r"(?<!\d)(\d{1,2})\s*(?:[\N{EN DASH}-]|to)\s*(\d{1,2})(?!\d)")
# Marks that follow one another, as "[1], [2]".
_RUN = re.compile(rf"(?:{MARKER.pattern})(?:[\s,;]*(?:and\s)?(?:{MARKER.pattern}))*", re.IGNORECASE)


def in_brackets(text: str) -> str:
    """A text with its marks put as [1]: no sentence ends within one then."""
    text = _SUP.sub(lambda found: _raised(found[1]), text)
    for form, plain in _FORMS:
        text = form.sub(plain, text)
    text = _SUPERSCRIPT.sub(lambda found: f"[{_lowered(found.group())}]", text)
    if not _COUNTS.match(text):
        text = _ROUND.sub(r"\1 [\2]", text)

    def put(mark: re.Match[str]) -> str:
        if re.match(r"\[\s*-?\d", mark.group()) and "†" not in mark.group():
            return mark.group()
        _, numbers = cited_numbers(mark.group())
        return f"[{', '.join(map(str, numbers or (0,)))}]"

    return MARKER.sub(put, text)


def _raised(numbers: str) -> str:
    return "".join(_RAISED[int(one)] if one.isdigit() else one for one in numbers if one != " ")


def _lowered(raised: str) -> str:
    """Raised numbers as others. Models write ¹² for [1][2]: there are not so many passages."""
    return ", ".join(str(unicodedata.digit(one)) for one in raised if one in _RAISED)


def cited_numbers(sentence: str) -> tuple[str, tuple[int, ...] | None]:
    """A sentence without its marks, and the numbers in them; None where it has none."""
    own = _BEFORE.sub("", sentence)
    spoken = list(_SPOKEN.finditer(own))
    plain = _SPOKEN.sub("", own)
    marks = [found.group() for found in spoken] + [m.group() for m in MARKER.finditer(plain)]
    plain = _RUN.sub(" ", plain)
    if (spoken or own != sentence) and plain.strip():
        plain = plain.lstrip()[0].upper() + plain.lstrip()[1:]
    named = (one for found in spoken for one in found.group("a", "b") if one)
    numbers = dict.fromkeys(_ORDINALS[one.casefold()] for one in named)
    for mark in marks:
        mark = mark.split("†")[0]
        for first, last in _RANGE.findall(mark):
            numbers |= dict.fromkeys(range(int(first), min(int(last), int(first) + 20) + 1))
        # What is longer is no number of ours, and Python refuses to read thousands of digits.
        found = re.findall(_NUMBER, _RANGE.sub(" ", mark))
        numbers |= dict.fromkeys(int(number) for number in found if len(number) <= 2)
    return plain, tuple(numbers) if marks else None
