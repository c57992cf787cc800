"""LaTeX: sections, lists, listings and tables of the text between begin and end of the document."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from sources.readers.extract import Extract
from sources.readers.prose import Prose
from sources.readers.unseen import told

_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*\n?[ \t]*")
_TOKEN = re.compile(
    r"\\begin\s*\{([^{}]*)\}|\\end\s*\{([^{}]*)\}|\\(part|chapter|section|subsection|subsubsection|"
    r"paragraph|subparagraph|item|title|author|date|caption|footnote)\*?(?![a-zA-Z])|\n[ \t]*\n"
)
_HIDING = re.compile(
    r"(?P<listing>\\begin\{(verbatim\*?|Verbatim|lstlisting|minted|alltt)\}.{0,20000}?\\end\{\2\})"
    r"|\\[hv]?phantom(?![a-zA-Z])|(?P<struck>\\(?:sout|st|xout)(?![a-zA-Z]))"
    r"|(?P<white>\\textcolor\s*\{\s*white\s*\})",
    re.DOTALL,
)
_LEVELS = {
    "part": 1, "chapter": 1, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5,
    "subparagraph": 6,
}  # fmt: skip
_VERBATIM = frozenset("verbatim verbatim* Verbatim lstlisting minted alltt".split())
_UNREAD = frozenset(
    "tikzpicture thebibliography filecontents filecontents* comment pgfpicture picture".split()
)
_TABLES = frozenset("tabular tabular* tabularx longtable array tabulary tabu".split())
_LISTS = {"itemize": "-", "enumerate": "1.", "description": ""}
_DISPLAY = re.compile(r"(?:equation|align|gather|multline|eqnarray|displaymath|math)\*?")
_RULES = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|endhead|endfirsthead|endfoot|endlastfoot|cline\s*\{[^{}]*\}|"
    r"cmidrule\s*(?:\([^()]*\))?\s*\{[^{}]*\})"
)
# Commands whose argument is no text, and those that stand for a sign
_DROPPED = re.compile(
    r"\\(?:label|cite\w*|nocite|ref|eqref|pageref|autoref|cref|Cref|input|include|includegraphics|"
    r"bibliography|bibliographystyle|index|vspace|hspace|vskip|hskip|setlength|addtolength|usepackage|"
    r"pagestyle|thispagestyle|setcounter|addcontentsline|hypersetup|color)\*?"
    r"\s*(?:\[[^\]]*\])*\s*(?:\{[^{}]*\}\s*){1,2}"
)
_SIGNS = {
    "ldots": "…", "dots": "…",
    "textendash": "–", "textemdash": "—", "ss": "ß", "ae": "æ", "AE": "Æ",
    "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "aa": "å", "AA": "Å", "l": "ł", "L": "Ł", "i": "ı",
    "copyright": "©", "pounds": "£", "euro": "€", "texteuro": "€", "S": "§", "P": "¶", "times": "×",
    "cdot": "·", "pm": "±", "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "neq": "≠", "approx": "≈",
    "degree": "°", "textdegree": "°", "LaTeX": "LaTeX", "TeX": "TeX", "alpha": "α", "beta": "β",
    "gamma": "γ", "delta": "δ", "lambda": "λ", "mu": "μ", "pi": "π", "sigma": "σ", "omega": "ω",
    "Delta": "Δ", "Omega": "Ω", "infty": "∞", "to": "→", "rightarrow": "→", "sum": "∑",
    "percent": "%",
    "textbackslash": "\\", "textasciitilde": "~", "quad": " ", "qquad": " ", "newline": " ",
}  # fmt: skip
_ACCENTS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", '"': "\u0308", "~": "\u0303", "=": "\u0304",
    ".": "\u0307", "u": "\u0306", "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328",
    "r": "\u030a",
}  # fmt: skip
_ACCENT = re.compile(r"\\([`'^\"~=.]|[uvHckr](?=[\s{]))\s*(?:\{\\?([a-zA-Z])\}|\\?([a-zA-Z]))")
_LINKED = re.compile(r"\\(?:href|textcolor|url(?=\{[^{}]*\}\{))\s*\{[^{}]*\}\s*(?=\{)")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_COMMAND = re.compile(r"\\([a-zA-Z@]+)\*?[ \t]*(?:\[[^\]\n]*\])?")
_ESCAPED = re.compile(r"\\([%&$#_{}])")
_DEEP = 50


def read_latex(text: str) -> Extract:
    """The text of a LaTeX file; pictures, citations, labels and the bibliography are left out."""
    prose = Prose(_plain)
    hints: dict[str, str] = {}
    unseen: Counter[str] = Counter()
    text = _seen(text, unseen)
    struck = unseen.pop("struck", 0)
    head, begins, body = text.partition("\\begin{document}")
    if begins:
        _read(prose, hints, _COMMENT.sub(r"\1", head), only_titles=True)
        text = body.partition("\\end{document}")[0]
    if title := hints.get("title"):
        prose.heading(title, 1)
    _read(prose, hints, text, only_titles=False)
    return prose.builder.extract(
        hints={key: _plain(said) for key, said in hints.items()}, unread=told(unseen, struck)
    )


def _seen(text: str, unseen: Counter[str]) -> str:
    """The text without what commands hide or strike out, which is counted; listings stay."""
    kept: list[str] = []
    at = 0
    for command in _HIDING.finditer(text):
        if command.start() < at or command["listing"]:
            continue
        said, end = _argument(text, command.end())
        if end > command.end():
            kept.append(text[at : command.start()])
            at = end
            why = "struck" if command["struck"] else "white" if command["white"] else "hidden"
            unseen[why] += bool(_plain(said))
    return "".join(kept) + text[at:]


def _read(prose: Prose, hints: dict[str, str], text: str, *, only_titles: bool) -> None:
    lists: list[str] = []
    at = 0
    notes: list[str] = []

    def words(until: int) -> None:
        if not only_titles and (said := _COMMENT.sub(r"\1", text[at:until])).strip():
            prose.go_on(said)

    def tell_notes() -> None:
        for note in notes:
            prose.open("paragraph", note)
        notes.clear()

    while token := _TOKEN.search(text, at):
        words(token.start())
        begin, end, command = token.groups()
        at = token.end()
        if begin is not None:
            at = _environment(prose, text, at, begin, lists, only_titles)
        elif end is not None:
            if end in _LISTS and lists:
                prose.close()
                lists.pop()
        elif command == "item":
            label, at = _optional(text, at)
            marker = _LISTS[lists[-1]] if lists else "-"
            if label and lists and lists[-1] == "description":
                prose.open("term", label)
                prose.open("definition", "")
            else:
                prose.item("", len(lists) or 1, label or marker or "-")
        elif command:
            _, at = _optional(text, at)
            said, at = _argument(text, at)
            if command in _LEVELS and not only_titles:
                prose.heading(said, _LEVELS[command])
            elif command in ("title", "author", "date"):
                hints.setdefault("published" if command == "date" else command, said)
            elif command == "caption" and not only_titles:
                prose.open("paragraph", said)
                prose.close()
            elif command == "footnote":
                notes.append(said)
        else:
            prose.close()
            tell_notes()
    words(len(text))
    prose.close()
    tell_notes()
    prose.close()


def _environment(
    prose: Prose, text: str, at: int, name: str, lists: list[str], only_titles: bool
) -> int:
    """Read what `\\begin` opens; where to go on."""
    closing = text.find(f"\\end{{{name}}}", at)
    until = closing if closing >= 0 else len(text)
    after = min(len(text), until + len(name) + 6)
    if name in _VERBATIM:
        options, at = _optional(text, at)
        language = re.search(r"language=(\w+)", options)
        said = language[1] if language else ""
        if name == "minted":
            said, at = _argument(text, at)
        prose.code(text[at:until].strip("\n").split("\n"), said)
        return after
    if name in _UNREAD:
        return after
    if name in _TABLES and not only_titles:
        if name.endswith(("*", "x", "y")):
            _, at = _argument(text, at)
        _, at = _optional(text, at)
        _, at = _argument(text, at)
        body = _RULES.sub("", _COMMENT.sub(r"\1", text[at:until]))
        rows = re.split(r"\\\\(?:\[[^\]]*\])?|\\tabularnewline", body)
        prose.table([re.split(r"(?<!\\)&", row) for row in rows if row.strip()])
        return after
    if _DISPLAY.fullmatch(name):
        prose.go_on(text[at:until])
        return after
    if name in _LISTS and len(lists) < _DEEP:
        if lists:
            prose.close()
        lists.append(name)
        return _optional(text, at)[1]
    if name in ("abstract", "quote", "quotation"):
        prose.close()
    return _optional(text, at)[1]


def _optional(text: str, at: int) -> tuple[str, int]:
    """An argument in square brackets, if one stands there, and where to go on."""
    match = re.compile(r"[ \t]*\[([^\[\]]*)\]").match(text, at)
    return (match[1], match.end()) if match else ("", at)


def _argument(text: str, at: int) -> tuple[str, int]:
    """The argument in braces that stands next, and where to go on."""
    while at < len(text) and text[at].isspace():
        at += 1
    if not text.startswith("{", at):
        return "", at
    depth = 0
    for brace in re.compile(r"(?<!\\)[{}]").finditer(text, at):
        depth += 1 if brace[0] == "{" else -1
        if not depth:
            return text[at + 1 : brace.start()], brace.end()
    return "", at + 1


def _plain(text: str) -> str:
    """The words of a piece of LaTeX."""
    text = _DROPPED.sub("", text)
    text = _FRACTION.sub(r"\1/\2", text)
    text = _LINKED.sub("", text)
    text = _ACCENT.sub(_accented, text)
    text = text.replace("\\\\", " ").replace("\\,", " ").replace("\\ ", " ").replace("\\-", "")
    text = text.replace("---", "—").replace("--", "–").replace("``", "“").replace("''", "”")
    text = re.sub(r"(?<!\\)~", " ", text)
    text = _COMMAND.sub(lambda command: _SIGNS.get(command[1], ""), text)
    text = re.sub(r"(?<!\\)[{}$]|\\[()\[\]]", "", text)
    return re.sub(r" ([.,;:)])", r"\1", " ".join(_ESCAPED.sub(r"\1", text).split()))


def _accented(match: re.Match[str]) -> str:
    letter = match[2] or match[3]
    return unicodedata.normalize("NFC", letter + _ACCENTS[match[1]])
