"""Front matter and sidecars, ours and others': what is read, and the words of each problem."""
# ruff: noqa: E501  test data on one line

import pytest

from sources import MetadataError, Reference, load_sources

FULL = """\
title: The Treaty
url: https://example.org/a?b=c
publisher: The Ministry
author: "A. Writer"
published: 2024-06-19
accessed: "2024-07"
license: CC BY 4.0
standing: state-media
topics: [treaties, "North Korea"]
language: pt-BR
references:
  - publisher: The Post
    title: On the treaty
    published: 2024
    url: http://example.org
  - title: Alone
"""


def problems(tmp_path, text, name="a.md"):
    """What is said of the metadata; everything is read none the less, and strictly it is refused."""
    (tmp_path / name).write_bytes(text.encode())
    notes = []
    assert load_sources(tmp_path, on_note=lambda *note: notes.append(note))
    with pytest.raises(MetadataError) as caught:
        load_sources(tmp_path, strict=True)
    assert caught.value.problems == [f"{at}: {said}" for at, said in notes]
    return caught.value.problems


def front(yaml):
    return f"---\n{yaml}\n---\nText that ends.\n"


def test_every_key_is_read_from_front_matter_and_from_a_sidecar(tmp_path):
    (tmp_path / "a.md").write_text(f"---\n{FULL}---\nText that ends.\n")
    (tmp_path / "b.txt").write_text("Text that ends.\n")
    (tmp_path / "b.txt.yaml").write_text(FULL)
    for source in load_sources(tmp_path):
        assert source.title == "The Treaty"
        assert source.url == "https://example.org/a?b=c"
        assert source.publisher == "The Ministry"
        assert source.author == "A. Writer"
        assert source.published == "2024-06-19"
        assert source.accessed == "2024-07"
        assert source.license == "CC BY 4.0"
        assert source.standing == "state-media"
        assert source.topics == ("treaties", "North Korea")
        assert source.language == "pt-BR"
        assert source.references == (
            Reference(
                publisher="The Post",
                title="On the treaty",
                published="2024",
                url="http://example.org",
            ),
            Reference(title="Alone"),
        )


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("titel: A", "unknown key 'titel' (did you mean 'title'?): kept as an extra field"),
        ("zzz: A", "unknown key 'zzz': kept as an extra field"),
        ("[a]: b", "a key that is no text: name it in a word"),
        ("published: 2024-13", "published: '2024-13' is no date; allowed: YYYY, YYYY-MM or YYYY-MM-DD"),
        ("published: 2023-02-29", "published: '2023-02-29' is no date"),
        ("published: 03/04/2024", "published: '03/04/2024' is no date"),
        ("date: someday", "date: 'someday' is no date"),
        ("accessed: [2024]", "accessed: '' is no date"),
        ("standing: blog", "standing: 'blog' is unknown; allowed: primary, government, state-media, "
                           "news, think-tank, academic, reference, other"),
        ("standing: [news]", "standing: '' is unknown; allowed: primary"),
        ("url: ftp://example.org", "url: 'ftp://example.org' is no address; allowed: http://"),
        ("url: example.org", "url: 'example.org' is no address"),
        ("url: 'http://[bad'", "url: 'http://[bad' is no address"),
        ("url: 'https://a b'", "url: 'https://a b' is no address"),
        ("url: 'javascript:alert(1)'", "is no address"),
        ("title: ''", "title: empty: write it, or leave the line out"),
        ("title: '  '", "title: empty"),
        ("title: [A]", "title: must be text, not a list or mapping"),
        ('title: "a\\x1b[31mb"', "title: holds a control character: remove it"),
        ("author: {born: 1931}", "author: names nobody: write the name"),
        ("topics: {a: b}", "topics: must be a list of texts"),
        ("language: English!", "language: 'English!' is no language; allowed: a code such as en"),
        ("references: x", "references: must be a list of mappings; allowed: publisher, title,"),
        ("references: [x]", "references: must be a mapping; allowed: publisher, title, published, url"),
        ("references: [{url: 'http://a.b'}]", "references: title: missing"),
        ("references: [{title: A, date: 2024}]", "references: unknown key 'date'; "),
        ("references: [{title: A, published: 99}]", "references: published: '99' is no date"),
        ("title: !!python/object:os.system x", "title: must be text"),
        ("url: http://a.b\nurl: http://a.c", "'url' is there twice: keep one"),
        ("title: a: b", "broken YAML: mapping values are not allowed here"),
        ("title: 'a", "broken YAML: while scanning a quoted scalar"),
        ("title: *a", "broken YAML: found undefined alias 'a'"),
        ("title: a\x01", "broken YAML: a control character; remove it"),
        ("title: " + "[" * 5000, "broken YAML: nested too deep"),
    ],
)  # fmt: skip
def test_each_problem_names_file_line_and_what_is_allowed(tmp_path, line, said):
    where = 4 + line.count("\n")  # the broken quote is noticed at the end
    (problem,) = problems(tmp_path, front(f"publisher: P\n\n{line}"))
    assert problem.startswith("a.md:")
    assert said in problem
    assert "\n" not in problem
    if "quoted scalar" not in said and "deep" not in said:
        assert problem.startswith(f"a.md:{where}: ")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_lines_count_in_the_file_whatever_the_newline(tmp_path, newline, mark):
    text = mark + front("title: A\nreferences:\n  - title: B\n    url: x").replace("\n", newline)
    (problem,) = problems(tmp_path, text)
    assert problem.startswith("a.md:5: references: url: 'x' is no address")


def test_lines_of_a_sidecar(tmp_path):
    (tmp_path / "a.txt").write_text("Text.")
    (problem,) = problems(tmp_path, "title: A\n\nlanguage: '?'\n", "a.txt.yaml")
    assert problem.startswith("a.txt.yaml:3: language: ")


def test_a_sidecar_has_to_be_a_mapping_in_utf_8_and_small(tmp_path):
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.txt").write_text("Text.")
    (tmp_path / "a.txt.yaml").write_text("- title")
    (tmp_path / "b.txt.yaml").write_bytes(b"title: \xff")
    (tmp_path / "c.txt.yaml").write_text("title: " + "x" * 65536)
    with pytest.raises(MetadataError) as caught:
        load_sources(tmp_path, strict=True)
    assert [problem.partition(": ")[0] for problem in caught.value.problems] == [
        "a.txt.yaml:1", "b.txt.yaml:1", "c.txt.yaml:1",
    ]  # fmt: skip
    assert "not `key: value` lines; allowed: title" in caught.value.problems[0]
    assert "not UTF-8 (0xff at byte 7)" in caught.value.problems[1]
    assert "larger than 65,536 bytes" in caught.value.problems[2]


def test_all_problems_are_gathered_and_the_first_is_the_message(tmp_path):
    (tmp_path / "a.md").write_text(front("titel: A\nstanding: blog"))
    (tmp_path / "b.txt").write_text("Text.")
    (tmp_path / "b.txt.yaml").write_text("published: June")
    with pytest.raises(MetadataError) as caught:
        load_sources(tmp_path, strict=True)
    error = caught.value
    assert [p.partition(": ")[0] for p in error.problems] == ["a.md:3", "b.txt.yaml:1", "a.md:2"]
    assert str(error) == error.problems[0] + " (and 2 more: run `refdesk sources` to list them)"


def test_one_problem_is_the_whole_message():
    error = MetadataError(["a.md:2: said"])
    assert str(error) == "a.md:2: said"
    assert error.problems == ["a.md:2: said"]


def test_a_sidecar_beside_markdown_is_not_used(tmp_path):
    (tmp_path / "a.md").write_text("Text.")
    (problem,) = problems(tmp_path, "title: A", "a.md.yaml")
    assert problem.startswith("a.md.yaml:1: a Markdown file has its metadata in front matter")


def test_a_key_without_a_value_says_nothing_and_norwegian_is_a_language(tmp_path):
    (tmp_path / "a.md").write_text(front("author:\nurl: ~\npublished: 2024\nlanguage: no"))
    (source,) = load_sources(tmp_path)
    assert (source.author, source.url, source.published) == (None, None, "2024")
    assert source.language == "no"


@pytest.mark.parametrize(
    "text",
    [
        "---\n\nA paragraph.\n\n---\n\nAnother.\n",
        "---\n*emphasis* and: more\n---\nText.\n",
        "---\ntitle: never closed\n",
        "----\ntitle: A\n---\nText.\n",
        " ---\ntitle: A\n---\nText.\n",
        "---\n---\nText.\n",
        "Text.\n---\ntitle: A\n---\n",
    ],
)
def test_a_thematic_break_is_no_front_matter(tmp_path, text):
    (tmp_path / "a.md").write_text(text)
    (source,) = load_sources(tmp_path)
    assert source.text == text


def test_the_body_starts_right_after_the_front_matter(tmp_path):
    (tmp_path / "a.md").write_bytes(b"---  \r\ntitle: A\r\n--- \r\n\r\n# B\r\n---\r\n")
    (source,) = load_sources(tmp_path)
    assert source.text == "\r\n# B\r\n---\r\n"
    assert source.title == "A"


def only(tmp_path, text):
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    (source,) = load_sources(tmp_path, on_note=lambda *_: None)
    return source


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("date: 2020-01-01 10:00", "published", "2020-01-01"),
        ("date: 19 June 2024", "published", "2024-06-19"),
        ("date: 3.6.2024", "published", "2024-06-03"),
        ("pubDate: Tue, 04 Jun 2024 10:00:00 +0200", "published", "2024-06-04"),
        ("last_update:\n  date: 2023/5/4\n  author: Ann", "published", "2023-05-04"),
        ("updated: 2024-02-01\ncreated: 2023-01-01", "published", "2023-01-01"),
        ("date: 2024-01-02\npublished: 2024", "published", "2024"),
        ("authors: [Ann, {name: Bo, url: x}]", "author", "Ann, Bo"),
        ("author:\n  name: {given: Ann, family: Lee}", "author", "Ann Lee"),
        ("tags: [a, 2024]\ncategories: b", "topics", ("a", "2024", "b")),
        ('keywords: "#a, b c"', "topics", ("a", "b c")),
        ("lang: de_DE.UTF-8", "language", "de-DE"),
        ("canonical_url: https://example.org/a", "url", "https://example.org/a"),
        ("permalink: /a/b", "url", None),
        ("license: {name: MIT, url: x}", "license", "MIT"),
        ("Title: 1984", "title", "1984"),
    ],
)
def test_the_names_of_others_are_understood(tmp_path, line, field, value):
    assert getattr(only(tmp_path, front(line)), field) == value


@pytest.mark.parametrize(
    "text",
    [
        '+++\ntitle = "Locks"\ndate = 2021-04-01T08:00:00Z\nkind = "note"\n[taxonomies]\n'
        'tags = ["a", "b"]\n[extra]\ndepth = [1, 2]\n+++\nText that ends.\n',
        '{\n"title": "Locks", "date": "2021-04-01",\n"kind": "note", "tags": ["a", "b"],\n'
        '"extra": {"depth": [1, 2]}}\nText that ends.\n',
        "---\ntitle: Locks\ndate: 2021-04-01\nkind: note\ntags: [a, b]\nextra: {depth: [1, 2]}\n"
        "...\nText that ends.\n",
    ],
)
def test_yaml_toml_and_json_say_the_same(tmp_path, text):
    source = only(tmp_path, text)
    assert (source.title, source.published, source.topics) == ("Locks", "2021-04-01", ("a", "b"))
    assert source.extra == (("kind", "note"), ("extra.depth", "1"), ("extra.depth", "2"))
    assert source.text == "Text that ends.\n"


def test_what_breaks_yaml_costs_a_line_and_a_broken_toml_itself(tmp_path):
    source = only(tmp_path, front("title: Locks: a story\ndate: 2021\nlist: [a\nlang: de"))
    assert (source.title, source.published, source.language) == ("Locks: a story", "2021", "de")
    source = only(tmp_path, '+++\ntitle = "Locks\ndate = 2021-04-01\n+++\nText that ends.\n')
    assert (source.title, source.text) == ("a", "Text that ends.\n")


def test_an_unknown_key_is_kept_and_named_once_in_the_report(tmp_path):
    for name in "abc":
        (tmp_path / f"{name}.md").write_text(front(f"mood: {name}\nslug: x\nitems: [1, {{k: v}}]"))
    notes = []
    found = load_sources(tmp_path, on_note=lambda *note: notes.append(note))
    assert found[1].extra == (("mood", "b"), ("slug", "x"), ("items", "1"), ("items.k", "v"))
    assert notes == [
        ("a.md:2", "unknown key 'mood': kept as an extra field (in 3 files)"),
        ("a.md:4", "unknown key 'items': kept as an extra field (in 3 files)"),
    ]


def test_aliases_that_unfold_without_end_stay_few(tmp_path):
    rows = "\n".join(f"k{n}: &k{n} [{', '.join([f'*k{n - 1}'] * 9)}]" for n in range(1, 30))
    assert len(only(tmp_path, front(f"k0: &k0 [x, y]\n{rows}")).extra) <= 100
