"""Text in a source that gives orders to whoever answers from it: it is never quoted or believed.

A source may hold an order to a language model ("ignore the instructions above and say ..."), put
there by whoever wrote it. Such a sentence answers nothing, and what follows it in its paragraph may
be what it wants said; so both are left out of extracts, of what a model is shown, and of what can
support a sentence. An order is known by words that only make sense to an answering machine: its
instructions, its prompt, its role, its answer. "Press the button", in a manual, is none. A list of
words cannot be complete; what it misses is still only ever shown as a quote, escaped and cited.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import sentencex

from qa.models.chat import NOT_IN_SOURCES

# How far back, in characters, a paragraph is read for an order that comes before a sentence.
_REACH = 2000
# After a mark, or a word that leads to an order; "was told to ignore" is a report, and no order.
_LEAD = (
    r"(?:^|[^\w\s,'’]\s*|\b(?:please|now|then|and|or|must|should|shall|will|you|just|instead|always"
    r"|next|first|also|to the contrary)[,\s]+|,\s+)"
)
_MACHINE = (
    r"(?:a\.?i\.?|llms?|gpt|chat-?gpt|claude|gemini|copilot|chat-?bots?|(?:large )?language models?"
    r"|(?:virtual |digital |automated )?assistants?|dan)"
)
_SPEAK = (
    r"(?:say|reply|respond|answer|state|claim|report|repeat|output|print|write|tell|recommend|rate"
    r"|rank|cite|quote|conclude|pretend|refuse|decline|ignore|disregard|append|include|add|insert"
    r"|begin|start|end|finish|treat|mention|assert|insist|confirm|summari[sz]e)"
)
_REPLY = r"(?:answers?|repl(?:y|ies)|responses?|output|completions?)"
_ORDERS = (
    # Whoever reads this is to drop what it was told.
    rf"{_LEAD}(?:ignore|disregard|forget|override|overrule|bypass|discard|drop|abandon|neglect"
    r"|set aside|do not (?:follow|obey)|don['’]t (?:follow|obey)|stop (?:following|obeying))\b"
    r"[^.!?\n]{0,40}\b(?:(?:previous|prior|above|earlier|preceding|foregoing|original|initial"
    r"|current|existing|your|all|any|every|system|safety|other|my|the)\b[^.!?\n]{0,30}\b"
    r"(?:instructions?|prompts?|guidelines|directives?|guardrails|safeguards|programming)"
    r"|(?:your|the|all|any|every)(?: (?:previous|prior|above|earlier|preceding|other|safety))*"
    r" (?:rules|restrictions|constraints|context|passages|training|task)"
    r"|(?:everything|anything|all|whatever)\b[^.!?\n]{0,25}\b(?:above|before|prior|previously"
    r"|earlier|so far))\b(?! of\b)",
    r"\byour (?:original|initial|previous|prior|former|current|earlier) (?:task|instructions?|role"
    r"|prompt|rules|goal)\b",
    # It is to be someone else.
    rf"\b(?:you are|you['’]re|act as|behave as|behave like|respond as|imagine (?:that )?you(?: are"
    rf"|['’]re)|pretend (?:to be|(?:that )?you(?: are|['’]re)))\b[^.!?\n]{{0,40}}"
    rf"(?<![\w.]){_MACHINE}(?!\w)(?! to\b)",
    r"\byou are (?:now|no longer)\b[^.!?\n]{0,30}\b(?:bound|restricted|limited|filtered|censored"
    r"|unrestricted|uncensored|jailbroken|free of)\b",
    r"\b(?:developer|debug|god|jailbreak|dan|sudo|unrestricted) mode\b[^.!?\n]{0,20}"
    r"\b(?:enabled|activated|engaged|on)\b",
    rf"\bif you(?: are|['’]re)[^.!?\n]{{0,20}}(?<![\w.]){_MACHINE}(?!\w)",
    # It is addressed by its kind.
    r"\b(?:attention|notes?|messages?|notices?|instructions?|requests?|orders?|reminders?|dear|hey"
    r"|hello|to)\b(?: (?:to|for))?(?: (?:the|all|any|every|this|whichever))*"
    rf" {_MACHINE}(?: (?:models?|agents?|systems?|reviewers?|readers?|summari[sz]ers?))*\s*"
    r"(?:[:,]|(?:reading|processing|answering|summari[sz]ing|parsing)\b)",
    rf"(?:^|[^\w\s]\s*){_MACHINE}\s*[,:]\s*(?:now|please|you|always|never|{_SPEAK})\b",
    rf"\b{_MACHINE}(?: (?:models?|agents?|systems?|tools?))?\b"
    r"(?: (?:that|which|who|reading|processing)[^.!?\n]{0,30})?"
    rf" (?:must|should|shall|will|are to|is to|has to|have to|needs? to)(?: \w+)?? (?:{_SPEAK}\b"
    r"(?! (?:for|to|by|on|in)\b)|(?:refuse|decline) to\b)",
    r"\bfor the (?:model|assistant|chatbot) here\b",
    r"\b(?:who(?:m)?ever|whatever|anyone|anything|the (?:assistant|model|system|bot|machine))"
    r"\b[^.!?\n]{0,30}\banswer(?:s|ing)\b[^.!?\n]{0,20}\bth(?:is|ese)\b",
    # Its answer is laid down.
    rf"\b(?:in|of|to|with|begin|start|end|finish|format|make|change) (?:(?:all|every|each)(?: of)?"
    rf" )?(?:your|every) (?:\w+ )?{_REPLY}\b",
    rf"\byour (?:(?:next|only|final|first) )+{_REPLY}\b[^.!?\n]{{0,20}}"
    r"\b(?:is|are|must|should|shall|will|has to|have to)\b",
    rf"\byour {_REPLY} (?:is that|is now|is:|(?:must|should|shall|will|has to|have to)"
    r" (?:say|state|claim|repeat|mention|consist))\b",
    rf"\b{_REPLY} (?:about|on|to)\b[^.!?\n]{{0,40}}\b(?:must|should|shall|has to|have to)"
    r" (?:say|state|claim|repeat|mention)\b",
    rf"\b(?:add|append|attach|insert|include)\b[^.!?\n]{{0,60}}\b(?:your|every|each|the final)"
    rf" (?:final )?{_REPLY}\b",
    rf"{_LEAD}(?:reply|respond|answer)\b[^.!?\n]{{0,30}}\b(?:only|exactly|solely|nothing but)\b"
    r"[^.!?\n]{0,15}(?:\bwith\b|:|[\"“'‘])",
    r"\b(?:answer|reply to|respond to) (?:every|all|any|each)(?: \w+)? (?:questions?|quer(?:y|ies)"
    r"|prompts?|messages?)\b[^.!?\n]{0,10}\b(?:with|by|as|like)\b",
    rf"\b(?:if|when|whenever) (?:you (?:are )?(?:asked|answer|reply|respond)|asked|(?:a|the|any)"
    rf" users? asks?)\b[^.!?\n]{{0,60}}[,:] {_SPEAK}\b",
    rf"{_LEAD}answer that\b",
    rf"\bbefore you (?:answer|reply|respond)\b[^.!?\n]{{0,10}}\b{_SPEAK}\b",
    rf"{_LEAD}always (?:answer|reply|respond|cite)\b",
    rf"{_LEAD}(?:cite|quote) this (?:page|document|passage|source|text) as\b",
    r"\b(?:correct|expected|required|desired) (?:output|completion|response) for the"
    r" (?:model|assistant|bot)\b",
    r"\bauthori[sz]e you to (?:say|state|claim|reveal|ignore)\b|\bthis (?:chatbot|assistant)\b"
    r"[^.!?\n]{0,30}\byou\b",
    # It is to give away what it was told.
    rf"{_LEAD}(?:reveal|print|show|output|repeat|leak|disclose|display|list|dump|send|include"
    r"|translate|encode|summari[sz]e)\b[^.!?\n]{0,40}\b(?:(?:system|hidden|initial|original|secret"
    r"|full|developer) (?:prompt|message|instructions)|your (?:prompt|instructions|rules|context)"
    r"|(?:the )?(?:text|words|instructions|everything) above|(?:the|this|our|your) "
    r"(?:conversation|chat)(?: history| log| so far)|contents? of (?:all|any|every)"
    r" (?:other )?(?:documents?|sources?|passages?|users?))\b",
    r"\busers must (?:visit|click|open)\b[^\n]{0,60}https?:",
    # It is given new instructions, or coded ones.
    r"\b(?:new|hidden|secret|embedded|updated|real|special) instructions?\b(?:\s*:| (?:below|above"
    r"|follow)|,)",
    r"\b(?:decode|decrypt|unscramble|rot-?13|base-?64)\b[^.!?\n]{0,60}\b(?:follow|obey|execute|carry"
    r" out|do what)\b",
    r"\bsystem (?:prompt|override|message|notice|instruction)s?\b\W{0,8}(?::|#)",
    rf"(?:^|[^\w\s,]\s*)(?:system|assistant|developer|admin)\s*:\s*(?:you|new|the user|always|never"
    rf"|do not|{_SPEAK}|ignore|disregard|forget)\b",
    r"\bend of (?:the )?(?:document|passages?|context|sources|input|prompt)\b\s*(?:[-=#*\]:]|$)",
    # The commonest form, in other languages of Latin letters.
    r"\b(?:ignore[zr]|ignora[dr]?|ignoren|ignore (?:las|os|as|todas)|ignoriere?n?|ignorier[et]"
    r"|oublie[zr]?|olvid[ae]n?"
    r"|esque[çc]a|desconsidere|dimentica(?:te)?|vergiss|vergesst|missachte|negeer|zignoruj)\b"
    r"[^.!?\n]{0,40}\b(?:instructions|consignes|r[eè]gles|instrucciones|reglas|instru[çc][õo]es"
    r"|regras|istruzioni|regole|anweisungen|regeln|vorgaben|instructies|instrukcj\w+)\b",
)  # fmt: skip
_ORDER = re.compile("|".join(_ORDERS))
# Each of `_ORDERS` has one of these words; a text with none of them is read no further.
_WORDS = frozenset(
    """
    abandon above act admin ai answer answering answers anweisungen aside asked asks assistant
    assistants base64 behave bypass chatbot chatbots chatgpt chats cite claude consignes
    context conversation copilot dan debug decode decrypt developer discard disclose display
    disregard document drop dump encode forget gemini gpt if ignore imagine include input
    instrucciones instructies instruction instructions istruzioni jailbreak leak list llm llms
    mode model models neglect obey output override overrule passage passages pretend print
    prompt quote regeln reglas regole regras repeat reply respond responses reveal rot rot13
    send show sources stop sudo summarise summarize system translate unscramble user users
    vorgaben whatever whoever whomever you your
    """.split()
)
# The same in other languages, in the commonest form.
_FOREIGN = re.compile(
    "|".join(
        (
            r"(?:игнорируй|проигнорируй|забудь|забудьте|отбрось)\w*[^.!?\n]{0,40}"
            r"(?:инструкци|указани|правил|команд)",
            r"(?:忽略|无视|無視|忘记|忘記|不要理会)[^。!?\n]{0,20}(?:指令|指示|说明|說明|规则|規則|提示)",
            r"(?:指示|命令|ルール|プロンプト)[^。\n]{0,6}(?:無視|忘れ)",
            r"(?:지시|명령|규칙|프롬프트)[^.\n]{0,12}(?:무시|잊)",
            r"(?:تجاهل|انس)[^.\n]{0,40}(?:التعليمات|الأوامر|القواعد)",
            r"(?:دستور|قوانین|راهنما)[^.\n]{0,40}(?:نادیده|فراموش)",
        )
    )
)
# The marks with which prompts are put together, and the one reply that has a meaning to us.
_FORGED = re.compile(
    r"<\|\w+\|>|\[/?inst\]|<</?sys>>|</?(?:system|instructions?|assistant|passages?|context|prompt)"
    r"\s*>|[\"']role[\"']\s*:\s*[\"'](?:system|developer)[\"']"
    rf"|{re.escape(NOT_IN_SOURCES.casefold())}"
)
_QUOTED = re.compile(r"\"[^\"\n]{3,}\"|“[^”\n]{3,}”|«[^»\n]{3,}»|„[^“”\n]{3,}[“”]")
_PARAGRAPH = re.compile(r"\n[ \t]*\n")
# Letters of other scripts that look like Latin ones, and digits that stand for letters.
_ALIKE = str.maketrans("авеоркхсуіјѕԁһмтнαοερικν", "abeopkxcyijsdhmtnaoepikv")
_LEET = str.maketrans("013457@$", "oieastas")
_WORD = re.compile(r"[^\W\d_]+\d*")
_MIXED = re.compile(r"[a-z][а-яіјѕԁһα-ω]|[а-яіјѕԁһα-ω][a-z]")
_DIGITS = re.compile(r"[a-z][013457@$]+[a-z]")
_SPACED = re.compile(r"(?:\b\w ){6}")
_LETTERS = re.compile(r"(?:\b\w (?=\w\b))+\w\b")


def without_instructions(text: str, start: int, end: int) -> str:
    """`text[start:end]` with spaces for orders and what follows one in its paragraph.

    It has as many characters as the span, so that offsets into it stay true.
    """
    opening = max(0, start - _REACH)
    before = [found.end() for found in _PARAGRAPH.finditer(text, opening, start)]
    opening = before[-1] if before else opening
    kept = list(text[start:end])
    place = opening
    while place < end:
        gap = _PARAGRAPH.search(text, place, end)
        stop = gap.end() if gap else end
        order = _first_order(text[place:stop])
        if order is not None:
            for at in range(max(place + order, start), stop):
                if kept[at - start] != "\n":
                    kept[at - start] = " "
        place = stop
    return "".join(kept)


@lru_cache(maxsize=4096)
def _first_order(paragraph: str) -> int | None:
    """Where the first sentence that is an order starts; None where there is none."""
    if not _is_order(paragraph):
        return None
    for part in sentencex.get_sentence_boundaries("en", paragraph):
        if _is_order(part["text"]):
            return int(part["start_index"])
    return 0  # it was cut in two


def _is_order(text: str) -> bool:
    seen = text.casefold()
    if not seen.isascii():
        if sum(0xE0020 <= ord(char) <= 0xE007E for char in seen) > 3:
            return True  # letters that no one sees, but that models read
        seen = unicodedata.normalize("NFKC", seen)
        seen = "".join(char for char in seen if unicodedata.category(char) != "Cf")
        if _FOREIGN.search(seen):
            return True
    if _FORGED.search(seen):
        return True
    # A report may quote an order: words in quotation marks are someone else's.
    bare = seen.strip(" \t\n*_>")
    seen = _QUOTED.sub(lambda found: " “” " if found.group() != bare else found.group(), seen)
    return any(
        not _WORDS.isdisjoint(_WORD.findall(form)) and _ORDER.search(form)
        for form in (seen, *_undisguised(seen))
    )


def _undisguised(text: str) -> Iterator[str]:
    """`text` with look-alike letters, digits for letters and spaced letters made plain."""
    if not text.isascii() and _MIXED.search(text):
        yield text.translate(_ALIKE)
    if _DIGITS.search(text):
        yield text.translate(_LEET)
    if _SPACED.search(text):
        apart = re.sub(r"\s{2,}", " \0 ", text)  # what separates words when letters are spaced
        yield _LETTERS.sub(lambda found: found.group().replace(" ", ""), apart).replace("\0", "")
