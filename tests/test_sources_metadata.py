"""Front matter and sidecars: what is read, and the file, line and words of each problem."""
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
    (tmp_path / name).write_bytes(text.encode())
    with pytest.raises(MetadataError) as caught:
        load_sources(tmp_path)
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
        ("titel: A", "unknown key 'titel'; did you mean 'title'? allowed: title, url, publisher,"),
        ("zzz: A", "unknown key 'zzz'; allowed: title, url, publisher, author, published, accessed,"),
        ("[a]: b", "unknown key '?'; allowed:"),
        ("published: 2024-13", "published: '2024-13' is no date; allowed: YYYY, YYYY-MM or YYYY-MM-DD"),
        ("published: 2023-02-29", "published: '2023-02-29' is no date"),
        ("published: 19 June 2024", "published: '19 June 2024' is no date"),
        ("published: 2024-06-19T10:00:00Z", "published: '2024-06-19T10:00:00Z' is no date"),
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
        ("title:", "title: empty"),
        ("title: '  '", "title: empty"),
        ("title: 1984", 'title: must be text: put it in quotes, as "1984"'),
        ("title: true", "title: must be text"),
        ("title: [A]", "title: must be text, not a list or mapping"),
        ('title: "a\\x1b[31mb"', "title: holds a control character: remove it"),
        ("author: {name: A}", "author: must be text, not a list or mapping"),
        ("topics: trade", "topics: must be a list of texts"),
        ("topics: [1]", "topics: must be text: put it in quotes"),
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
        load_sources(tmp_path)
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
        load_sources(tmp_path)
    error = caught.value
    assert [p.partition(": ")[0] for p in error.problems] == ["a.md:2", "a.md:3", "b.txt.yaml:1"]
    assert str(error) == error.problems[0] + " (and 2 more: run `refdesk sources` to list them)"


def test_one_problem_is_the_whole_message():
    error = MetadataError(["a.md:2: said"])
    assert str(error) == "a.md:2: said"
    assert error.problems == ["a.md:2: said"]


def test_a_sidecar_beside_markdown_is_refused(tmp_path):
    (tmp_path / "a.md").write_text("Text.")
    (problem,) = problems(tmp_path, "title: A", "a.md.yaml")
    assert problem.startswith("a.md.yaml:1: a Markdown file has its metadata in front matter")


def test_two_sources_with_one_id_are_refused(tmp_path):
    (tmp_path / "a.md").write_text("Text.")
    (problem,) = problems(tmp_path, "Text.", "a.txt")
    assert problem == "a.txt:1: has the id 'a', as a.md has: rename one of them"


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
