"""The question before, asked anew: "Why?", "By whom?", "What about Iran?", "I meant China"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.condense.referents import Said, carried, referents
from qa.english.grammar import AUXILIARIES, BE, DETERMINERS, PARTICLES, PREPOSITIONS, WH
from qa.english.noun_phrases import Mention, is_name, joined, kind_of, phrases, tokens
from qa.english.phrases import line, participle, sentence

_OWNING = frozenset(("its", "their", "his", "her"))
_NOW = re.compile(r"\s+(?:today|now|currently|at\s+present|nowadays)\b", re.IGNORECASE)


def ask_anew(last: Said, wh: str, tail: Sequence[str]) -> str:
    """The question before with another question phrase: "Why?", "By whom?", "When was that?"."""
    asked = last.parsed
    said = {word.lower() for word in tail}
    if "else" in said:
        again = asked.part("asked")
        if again.lower().split()[:1] == wh.lower().split()[:1]:
            rest = last.question.strip()[len(again) :]
            return sentence(f"{again} else{rest}")
        wh = f"{wh} else"
    whole = _moved(last, wh, "not" in said)
    if whole is None:
        core = last.question.strip().rstrip("?!. ")
        return f"{core}, and {wh.lower()}?"
    return sentence(whole)


def _moved(last: Said, wh: str, negated: bool) -> str | None:
    """The parts of the question before put behind `wh`; None where they cannot be."""
    asked = last.parsed
    auxiliary, subject, verb, rest = (
        asked.part(name) for name in ("auxiliary", "subject", "verb", "rest")
    )
    auxiliary = auxiliary.lower()
    deny = "not" if negated else ""
    noun = joined(asked.noun)
    if wh.lower() in ("how many", "how much"):
        return _counted(last, wh)
    if subject:
        described = ""
        if asked.word == "how" and not noun and not verb:  # "How deep is the harbour"
            described = joined(asked.tokens[asked.asked[0] + 1 : asked.asked[1]])
            described = "" if described in ("long", "often", "far", "soon", "much") else described
        elif noun and asked.tokens[asked.asked[0]].lower() not in PREPOSITIONS:
            described = noun
        if asked.word == "where" and not verb and auxiliary in BE:
            rest = line(rest, "there")
        return line(wh, auxiliary, subject, deny, verb, described, rest)
    if auxiliary:  # "Which treaty was signed", "How many workers were killed", "Who was killed"
        who = noun and (f"the {noun}" if asked.word in ("which", "what") else noun)
        if not who and verb:
            found = referents(last, "person" if asked.word == "who" else "one")
            who = found[0] if found else ""
        return line(wh, auxiliary, who, deny, verb, rest) if who and verb else None
    done = participle(verb)
    first = asked.rest[0]
    patient = next((m for m in last.mentions if m.start in (first, first + 1)), None)
    if not done or patient is None:
        return None
    between = joined(asked.tokens[first : patient.start])  # a particle: "laid out"
    if between and between.lower() not in PARTICLES:
        return None
    after = joined(asked.tokens[patient.end : asked.rest[1]])
    be = "were" if patient.plural else "was"
    thing = carried(last, patient) if patient.words[0].lower() in _OWNING else patient.text
    return line(wh, be, thing, deny, done, between, after)


def _counted(last: Said, wh: str) -> str | None:
    """ "How many?" after "Did North Korea send troops?": the thing is counted."""
    asked = last.parsed
    plural = wh.lower() == "how many"
    roles = ("object", "subject")
    found = [m for m in last.mentions if m.role in roles and m.plural == plural]
    found = [m for m in found if m.kind == "thing"]
    if not found or not asked.auxiliary[0] < asked.auxiliary[1]:
        return None
    thing = found[-1]
    noun = joined(w for w in thing.words if w.lower() not in DETERMINERS)
    before = joined(asked.tokens[asked.rest[0] : thing.start]) if thing.role == "object" else ""
    after = joined(asked.tokens[max(thing.end, asked.rest[0]) : asked.rest[1]])
    subject = asked.part("subject") if thing.role == "object" else ""
    return line(
        wh, noun, asked.part("auxiliary").lower(), subject, asked.part("verb"), before, after
    )


@dataclass(frozen=True, slots=True)
class _Slot:
    start: int
    end: int
    score: float


def changed(last: Said, text: str, wrong: str) -> list[str]:
    """The question before with the phrase in `text` in the place of one like it."""
    found = list(tokens(text.rstrip("?!. ")))
    preposition = found[0].lower() if found[0].lower() in PREPOSITIONS and len(found) > 1 else ""
    phrase = found[1:] if preposition else found
    if [word.lower() for word in phrase[:2]] in (["the", "one"], ["the", "ones"]):
        phrase = phrase[2:]  # "the one with Iran"
        if phrase and phrase[0].lower() in PREPOSITIONS:
            preposition, phrase = phrase[0].lower(), phrase[1:]
    elif phrase and phrase[-1].lower() in ("one", "ones"):
        phrase = [word for word in phrase[:-1] if word.lower() not in DETERMINERS]
    asked = last.parsed
    if not phrase or not asked.tokens:
        return [f"{last.question} {sentence(text)}"]
    slots = sorted(_slots(last, phrase, preposition, wrong), key=lambda slot: -slot.score)
    best = slots[0].score if slots else 0.0
    results = []
    for slot in slots:
        if slot.score < max(2.0, best - 1.5):
            break
        results.append(_exchanged(last, slot, phrase, preposition))
    if not results:
        core = _NOW.sub("", last.question.strip().rstrip("?!. "))
        if preposition or kind_of(phrase) == "date":
            results = [f"{core} {preposition or 'in'} {joined(phrase)}?"]
        else:
            results = [f"For {joined(phrase)}, {core[:1].lower() + core[1:]}?"]
            if is_name(asked.tokens[0]) and asked.tokens[0].lower() not in WH | AUXILIARIES:
                results = [f"For {joined(phrase)}, {core}?"]
    return results


def _slots(last: Said, phrase: Sequence[str], preposition: str, wrong: str) -> list[_Slot]:
    """Where in the question before the phrase may go, with how well it fits there."""
    kind = kind_of(phrase)
    new = phrases(joined(phrase))
    head = new[0].head if new else ""
    said = {word.lower() for word in phrase}
    order = {"subject": 0.6, "object": 0.4, "asked": 0.3, "oblique": 0.2}
    found: list[_Slot] = []
    for mention in last.mentions:
        parts = [mention] if not mention.inner else [*mention.inner]
        if mention.inner and kind == "thing":
            parts = [mention]
        names = [part for part in parts if part.kind == kind]
        if "and" in said and len(mention.inner) > 1 and mention.inner[-1].kind != "thing":
            pair = mention.inner[-2:]
            found.append(_Slot(pair[0].start, pair[1].end, 6.0))
        for part in parts:
            here = {word.lower() for word in part.words}
            content = here - DETERMINERS
            score = order[mention.role]
            if wrong:
                score += 6 * bool(content & {w.lower() for w in tokens(wrong)})
            if here == said:
                continue
            if part.kind == kind:
                score += 3
            elif {part.kind, kind} == {"name", "country"}:
                score += 1.2
            elif kind == "name" and part.kind == "thing" and _is_like(part, phrase):
                score += 1.5
            if kind in ("name", "thing") and content & said:
                score += 2
            elif kind == "name" and part.kind == kind:
                digits = [any(c.isdigit() for c in t) for t in (part.text, joined(phrase))]
                score -= digits[0] != digits[1]
            if kind == "thing" and head and head in (part.head,):
                score += 3
            if kind == "thing" and new and part.kind == "thing":
                score += (new[0].plural == part.plural) + 0.5 * (new[0].definite == part.definite)
            if (
                kind == "thing"
                and new
                and new[0].definite
                and part.definite
                and part.kind == "name"
            ):
                score += 2.2
            if preposition:
                score += 2 if part.preposition == preposition else -1
            if len(names) > 1:  # the first of two is who the talk is about
                score += 0.5 if part is names[-1] else -0.6
            if kind == "thing" and preposition and part.preposition != preposition:
                continue  # "And for children?" adds to "What does a ticket cost?"
            found.append(_Slot(part.start, _end_of_range(part, phrase), score))
    return found


def _end_of_range(part: Mention, phrase: Sequence[str]) -> int:
    """The end of "2021 to 2025", where another such span of time takes its place."""
    after = part.tokens[part.end : part.end + 2]
    both = part.kind == "date" and "to" in phrase and len(after) == 2 and after[0] == "to"
    return part.end + 2 if both and kind_of(after[1:]) == "date" else part.end


def _is_modifier(phrase: Sequence[str]) -> bool:
    found = phrases(joined(phrase))
    return len(phrase) == 1 and not is_name(phrase[0]) and not (found and found[0].plural)


def _is_like(part: Mention, phrase: Sequence[str]) -> bool:
    return part.role in ("subject", "object") and part.definite and bool(phrase)


def _exchanged(last: Said, slot: _Slot, phrase: Sequence[str], preposition: str) -> str:
    asked = last.parsed
    old = asked.tokens[slot.start : slot.end]
    start, new = slot.start, list(phrase)
    kept = next((m for m in last.mentions if (m.start, m.end) == (slot.start, slot.end)), None)
    if kept and kept.plural and len(kept.core) > 1 and _is_modifier(phrase):
        new = [*phrase, kept.core[-1]]  # "And monthly?" after "How many daily snapshots"
    if preposition and start and asked.tokens[start - 1].lower() in PREPOSITIONS:
        start -= 1
        new = [preposition, *new]
    if is_name(old[0]) and old[0].lower() == "the":
        old = old[1:]
    changed = [*asked.tokens[:start], *new, *asked.tokens[slot.end :]]
    said = [word.lower() for word in phrase]
    for mention in last.mentions:  # "And Iran?" after "What does Russia get from Iran?"
        for part in mention.inner or (mention,):
            there = [word.lower() for word in part.words]
            if there == said and (part.end <= start or part.start >= slot.end):
                shift = len(new) - (slot.end - start) if part.start >= slot.end else 0
                changed[part.start + shift : part.end + shift] = list(old)
                return sentence(joined(changed))
    return sentence(joined(changed))
