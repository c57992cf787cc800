"""Searching: what comes back, in which order, within which budget and scope."""

import random
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import QueryError, ScopeError, rebuild
from index.chunking import WINDOW_CHARS
from index.opened import open_index
from index.ranking import LONGEST_QUERY, _largest
from index.rows import split_levels
from index.tokens import implied, terms

QUESTIONS = [
    "When was the harbour dredged?",
    "lighthouse at Cape 17",
    "茶叶 运往 俄罗斯",
    "서울 쌀 시장",
    "Who begun the canal, Senor Nunez?",
    "the",
    "\u202e\u0000 ?!",
    "\ud800 lone surrogate",
    "OR \" ' ; DROP TABLE source; -- * {}",
]


def check(opened, hits):
    """What holds of every result."""
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    spans = {}
    for hit in hits:
        chunk = hit.chunk
        assert hit.text == opened.source(chunk.source_id).text[chunk.start : chunk.end] != ""
        spans.setdefault(chunk.source_id, []).append((chunk.start, chunk.end))
    for found in spans.values():
        found.sort()
        for before, after in pairwise(found):
            assert before[1] <= after[0]


@pytest.mark.parametrize(
    ("query", "source", "text"),
    [
        ("How deep is the harbour of Oldport?", "ports/harbour", "eleven metres in 1987"),
        ("What replaces the ferry in winter?", "ports/harbour", "icebreaker"),
        ("How many ships came in 2000?", "ports/harbour", "2000 | 341"),
        ("Who started building the canal, Nunez?", "ports/canal", "Señor Núñez"),
        ("茶叶运往俄罗斯的路线有多长?", "asia/tea", "一万三千公里"),
        ("쌀 시장은 언제 열렸나", "asia/rice", "1905년"),
        ("米市場", "asia/rice", "東京の米市場"),
        ("heather honey", "notes/[draft] 1", "beekeeper of Tarn"),
        ("When was Cape 261 lighthouse lit?", "lighthouses", "Cape 261 lighthouse was lit in 1861"),
    ],
)  # fmt: skip
def test_the_passage_that_answers_comes_first(opened, query, source, text):
    hit = opened.search(query, k=3)[0]
    assert hit.chunk.source_id == source
    assert text in hit.text


@settings(max_examples=15)
@given(query=st.sampled_from(QUESTIONS), budget=st.integers(1, 6000))
def test_a_budget_is_kept(opened, query, budget):
    hits = opened.search(query, max_chars=budget)
    check(opened, hits)
    assert 0 < sum(hit.chunk.end - hit.chunk.start for hit in hits) <= budget


def test_a_budget_is_used(opened):
    for budget in (500, 3750):
        used = sum(len(hit.text) for hit in opened.search("lighthouse", max_chars=budget))
        assert used > budget - 100


def test_a_budget_under_a_sentence_gets_its_beginning(opened):
    (hit,) = opened.search("How deep is the harbour of Oldport?", max_chars=20)
    assert hit.text == "The harbour of Oldport was dredged"[:20]


@settings(max_examples=15)
@given(query=st.sampled_from(QUESTIONS), k=st.integers(1, 15))
def test_k_passages_of_about_a_window(opened, query, k):
    hits = opened.search(query, k=k)
    check(opened, hits)
    assert len(hits) == k
    assert all(len(hit.text) <= WINDOW_CHARS for hit in hits)


def test_more_passages_than_there_are(opened):
    hits = opened.search("tea", k=1000, sources=["asia/*"])
    check(opened, hits)
    assert {hit.chunk.source_id for hit in hits} == {"asia/tea", "asia/rice"}


def test_a_hit_knows_its_heading(opened):
    (hit,) = opened.search("Which ferry leaves for Grey Island?", max_chars=70)
    assert hit.chunk.heading == "The harbour of Oldport > Ferries"
    assert hit.chunk.page is None


def test_a_section_is_found_by_its_headings_and_how_it_begins(tmp_path):
    """Neither its heading nor a single sentence of the second says what it is asked for."""
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "works.md").write_text(
        "# Works\n\n## Locks\n\nThe gates were painted. Oak was used.\n\n"
        "## Pumps\n\nWater is lifted here. It runs to the fields above the town by a ditch.\n\n"
        "| Year | Height |\n|---|---|\n| 1921 | 12 m |\n| 1922 | 14 m |\n"
    )
    rebuild(folder, index=tmp_path / "index")
    opened = open_index(tmp_path / "index").generation
    sections = opened.rank("How are the fields watered?").sections
    assert opened.unit_text(next(iter(sections))) == "Pumps"
    assert list(sections.values()) == sorted(sections.values(), reverse=True)
    row = next(at for at in range(len(opened.units)) if "14 m" in opened.unit_text(at))
    assert opened.unit_text(opened.heading_row(row)) == "Pumps"
    assert opened.heading_row(opened.heading_row(row)) == opened.heading_row(row)
    # a row far from the header of its table is found by the names of its columns
    (units, _) = split_levels([opened.source("works")])
    assert units.embedded_text(row) == "Works > Pumps\nYear | Height\n1922 | 14 m"
    assert units.embedded_text(opened.heading_row(row)).startswith("Works > Pumps\nPumps\n\nWater")


def test_a_scope_is_applied_before_ranking(opened):
    query = "At which cape was the lighthouse first lit?"
    everywhere = [hit.chunk.source_id for hit in opened.search(query, k=15)]
    assert "quiet" not in everywhere
    for hits in (opened.search(query, sources=["quiet"]), opened.search(query, sources="qui*")):
        assert hits[0].chunk.source_id == "quiet"
        assert "trims a lamp" in hits[0].text


@pytest.mark.parametrize(
    ("scope", "ids"),
    [
        (["ports/*"], {"ports/harbour", "ports/canal"}),
        (["*/[ft]*", "quiet"], {"asia/tea", "twins/first", "quiet"}),
        (["notes/[draft] 1"], {"notes/[draft] 1"}),
        (("twins/first",), {"twins/first"}),
        (iter(["twins/*"]), {"twins/first", "twins/second"}),
    ],
)
def test_globs(opened, scope, ids):
    hits = opened.search("What happened to the observatory?", k=50, sources=scope)
    assert {hit.chunk.source_id for hit in hits} == ids


def test_a_scope_of_everything_is_as_none(opened):
    for query in QUESTIONS[:4]:
        assert opened.search(query, sources=["*"]) == opened.search(query)


@pytest.mark.parametrize(
    "scope", [["nothing"], ["ports/*", "prots/*"], [], "", [""], ["Ports/*"], ["ports"], ["../*"]]
)
def test_a_scope_that_matches_nothing_is_refused(opened, scope):
    with pytest.raises(ScopeError, match="scope") as error:
        opened.search("harbour", sources=scope)
    assert "\n" not in str(error.value)


def test_a_source_of_headings_answers_with_nothing(opened):
    assert opened.search("Only a heading", sources=["headings"]) == []
    assert opened.search("Only a heading", max_chars=100, sources=["headings"]) == []


def test_identical_texts_are_both_found(opened):
    hits = opened.search("What destroyed the observatory on Mount Kelm?", k=2)
    assert {hit.chunk.source_id for hit in hits} == {"twins/first", "twins/second"}
    assert hits[0].text == hits[1].text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "empty"),
        (" \n\u00a0", "empty"),
        ("x" * (LONGEST_QUERY + 1), "4001 characters"),
        ("é" * 1_000_000, "1000000 characters"),
    ],
)
def test_a_question_that_cannot_be_asked(opened, query, said):
    with pytest.raises(QueryError, match=said):
        opened.search(query)


@pytest.mark.parametrize("options", [{"k": 0}, {"k": -1}, {"max_chars": 0}, {"max_chars": -5}])
def test_a_result_of_no_size_is_refused(opened, options):
    with pytest.raises(QueryError, match="at least 1"):
        opened.search("harbour", **options)


def test_a_question_is_answered_the_same_each_time_and_in_each_thread(opened):
    expected = [opened.search(query, k=4) for query in QUESTIONS]
    order = list(range(len(QUESTIONS))) * 6
    random.Random(1).shuffle(order)
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda place: opened.search(QUESTIONS[place], k=4), order))
    assert found == [expected[place] for place in order]


@pytest.mark.parametrize(
    ("text", "ids"),
    [("The one sentence.", ["only"]), ("# Only a heading\n", []), ("Ω", ["only"])],
)
def test_a_library_of_one_line(tmp_path, text, ids):
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "only.md").write_text(text, encoding="utf-8")
    report = rebuild(tmp_path / "library", index=tmp_path / "index")
    assert (report.added, report.chunks, report.embedded) == (("only",), 1, 2)
    hits = open_index(tmp_path / "index").search("What is the one sentence?")
    assert [hit.chunk.source_id for hit in hits] == ids
    assert [hit.text for hit in hits] == [text] * len(ids)


def test_ranks_hold_what_scores_are_made_of(opened):
    generation = opened.generation
    ranking = generation.rank("When was the harbour of Oldport dredged?")
    best = int(ranking.rows[0])
    assert "dredged" in generation.unit_text(best)
    assert generation.unit_source(best) == "ports/harbour"
    assert generation.is_sentence(best)
    assert set(ranking.query_terms) == {"harbour", "oldport", "dredg"}
    assert 0.5 < ranking.similarity[0] <= 1
    assert len({len(ranking.rows), len(ranking.scores), len(ranking.lexical)}) == 1
    assert generation.neighbour(0, -1) is None
    source, start, end = generation.unit(best)
    assert source.text[start:end] == generation.unit_text(best)


def test_what_words_find_is_as_near_as_its_vector_says(opened, monkeypatch):
    """The graph of neighbours is approximate, and gives only so many."""
    monkeypatch.setattr("index.ranking._NEIGHBOURS", 3)
    generation = opened.generation
    query = "Which lamp of the lighthouses did the harbour of Oldport see first?"
    ranking = generation.rank(query)
    found = generation.vectors("units", ranking.rows) @ generation.embedder.embed_query(query)
    exact = np.isclose(ranking.similarity, found, atol=1e-4)
    assert exact.sum() > 3, "more than the neighbours"
    assert exact[: min(3, len(exact))].all()


def test_sources_are_listed_without_and_read_with_their_text(opened):
    ids = [source.id for source in opened.sources]
    assert ids == sorted(ids)
    listed = next(source for source in opened.sources if source.id == "ports/harbour")
    read = opened.source("ports/harbour")
    assert (listed.text, listed.blocks) == ("", ())
    assert listed.published == read.published == "2021-05-04"
    assert read.text.startswith("# The harbour of Oldport")
    with pytest.raises(ScopeError, match="no-such"):
        opened.source("no-such")


def ranked_by_looking_at_every_row(generation, query, scope):
    """The ranking as the module describes it, with the scores of all rows written out."""
    asked = list(dict.fromkeys(terms(query, generation.manifest.language)))
    meant = implied(asked, generation.manifest.language)
    vector = generation.embedder.embed_query(query)
    similarity, dense, lexical, found = {}, {}, {}, {}
    for name in ("units", "windows"):
        spans = generation.units if name == "units" else generation.windows
        near, cosines = generation.store.query(name, vector, min(128, len(spans)), scope)
        similarity[name] = np.full(len(spans), cosines[-1] if len(cosines) else 0)
        similarity[name][near] = cosines
        words = generation.words[name]
        scores = words.scores(dict.fromkeys(asked, 1.0))[0]
        scores = scores + words.scores(dict.fromkeys(meant, 0.5))[0]
        lexical[name] = (scores - scores.mean()) / max(scores.std(), 1e-6)
        inside = [generation.row_of[one] for one in scope or generation.source_ids]
        matched = np.flatnonzero((scores > 0) & np.isin(spans["source"], inside))
        best = matched[np.argsort(-scores[matched], kind="stable")[:128]]
        found[name] = {*near.tolist(), *best.tolist()}
        if len(best):
            similarity[name][best] = generation.vectors(name, best) @ vector
        mean, covariance = generation.moments[name]
        deviation = np.sqrt(max(vector @ covariance @ vector, 1e-8))
        dense[name] = (similarity[name] - vector @ mean) / deviation
    rows = set(found["units"])
    for window in found["windows"]:
        rows.update(range(*(generation.windows[window][["first", "last"]].tolist())))
        rows.add(int(generation.windows[window]["last"]))
    ranking = []
    for row in rows:
        if generation.units["kind"][row] == 1:
            continue
        around = np.flatnonzero(
            (generation.windows["first"] <= row) & (row <= generation.windows["last"])
        )
        score = 0.4 * (dense["units"][row] + lexical["units"][row])
        score += (dense["windows"] + lexical["windows"])[around].mean()
        values = (similarity["units"][row], similarity["windows"][around].max())
        values += (lexical["units"][row], lexical["windows"][around].max())
        ranking.append((row, score, *values))
    return sorted(ranking, key=lambda one: -one[1])


@pytest.mark.parametrize("scope", [None, ("ports/harbour",), ("lighthouses", "twins/first")])
@pytest.mark.parametrize("query", [*QUESTIONS, "What did Washington say of the lighthouses?"])
def test_a_ranking_is_that_of_looking_at_every_row(opened, query, scope):
    generation = opened.generation
    query = query.encode(errors="replace").decode()
    ranking = generation.rank(query, scope)
    expected = ranked_by_looking_at_every_row(generation, query, scope)
    values = (ranking.scores, ranking.similarity, ranking.window_similarity)
    values += (ranking.lexical, ranking.window_lexical)
    found = np.stack(values, axis=1)
    assert sorted(ranking.rows.tolist()) == sorted(row for row, *_ in expected)
    expected_of = {row: rest for row, *rest in expected}
    np.testing.assert_allclose(
        found, [expected_of[row] for row in ranking.rows.tolist()], rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("rows", [0, 3, 100, 5000])
@pytest.mark.parametrize("different", [1, 4, 100_000])
def test_the_largest_are_found_among_many_and_among_equals(rows, different):
    random = np.random.default_rng(rows + different)
    values = random.integers(different, size=6000).astype(np.float32)
    some = random.permutation(6000)[:rows]
    expected = sorted(some.tolist(), key=lambda row: (-values[row], row))[:20]
    assert _largest(values, some, 20).tolist() == expected


def test_the_largest_are_found_where_a_sample_misleads():
    values = np.zeros(6000, dtype=np.float32)
    values[::16] = np.arange(375)  # the sample sees none but these
    values[1] = 1000
    found = _largest(values, np.arange(6000), 20)
    assert found.tolist() == [1, *range(374 * 16, 355 * 16, -16)]
