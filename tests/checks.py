"""What holds of every answer, whatever a source or a language model wrote."""

import unicodedata

from markdown_it import MarkdownIt

from qa.check.by_words import LEAST_SUPPORT

BLOCKS = ("list", "table", "code")


def assert_checked(answer, opened):
    """Every sentence is cited and supported, every citation resolves, nothing in it is markup."""
    assert answer.abstained != bool(answer.sentences)
    assert bool(answer.citations) == bool(answer.sentences)
    used = []
    for sentence in answer.sentences:
        assert sentence.citations, sentence
        assert sentence.support >= LEAST_SUPPORT
        assert sentence.text.strip()
        lines = sentence.text.split("\n") if sentence.kind in BLOCKS else [sentence.text]
        assert not any(unicodedata.category(c) in ("Cc", "Cs", "Co") for c in "".join(lines))
        used += sentence.citations
    numbers = [citation.number for citation in answer.citations]
    assert numbers == list(range(1, len(numbers) + 1))
    assert list(dict.fromkeys(used)) == numbers
    for citation in answer.citations:
        text = opened.source(citation.source_id).text
        assert 0 <= citation.start < citation.end <= len(text)
        assert text[citation.start : citation.end] == citation.quote
    shown = " ".join(
        f"{sentence.text} {''.join(f'[{number}]' for number in sentence.citations)}"
        for sentence in answer.sentences
    )
    if any(sentence.kind in BLOCKS for sentence in answer.sentences):
        seen(answer.text, blocks=True)
    elif not answer.abstained:
        assert seen(answer.text) == shown


def seen(markdown, blocks=False):
    """The text that a reader sees, a blank between paragraphs; fails where there is anything else.

    With `blocks` there may be lists, tables, and code, and no markup in them. Who knows no tables
    reads one as lines.
    """
    for preset, options in (
        ("commonmark", {"html": True}),
        ("gfm-like", {"html": True, "linkify": True}),
    ):
        tokens = MarkdownIt(preset, options).parse(markdown)
        kinds = [token.type for token in tokens]
        if blocks:
            assert {kind.removesuffix("_open").removesuffix("_close") for kind in kinds} <= {
                *("paragraph", "inline", "bullet_list", "ordered_list", "list_item", "fence"),
                *("table", "thead", "tbody", "tr", "th", "td"),
            }, (markdown, kinds)
        else:
            paragraph = ["paragraph_open", "inline", "paragraph_close"]
            assert kinds == paragraph * (len(kinds) // 3), (markdown, kinds)
        children = [child for token in tokens for child in token.children or ()]
        plain = {"text", "text_special", "softbreak"} if blocks else {"text", "text_special"}
        assert {child.type for child in children} <= plain, (markdown, children)
    return " ".join(
        "".join(child.content for child in token.children) for token in tokens if token.children
    )
