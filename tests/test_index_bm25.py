"""BM25: the same scores as the formula written out."""

from collections import Counter
from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.bm25 import BM25, K1, B

TERMS = st.lists(st.sampled_from("abcdefgh"), max_size=12)


def naive(documents, query):
    mean = sum(map(len, documents)) / len(documents)
    scores = []
    for document in documents:
        score = 0.0
        for term in set(query):
            holding = sum(term in other for other in documents)
            count = Counter(document)[term]
            idf = log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
            if count:
                score += idf * count / (count + K1 * (1 - B + B * len(document) / mean))
        scores.append(score)
    return scores


@given(documents=st.lists(TERMS, min_size=1, max_size=9), query=TERMS)
def test_scores_are_those_of_the_formula(documents, query):
    found, matched = BM25.build(documents).scores(dict.fromkeys(query, 1.0))
    assert sorted(matched.tolist()) == np.flatnonzero(found).tolist()
    assert found.shape == (len(documents),)
    np.testing.assert_allclose(found, naive(documents, query), rtol=1e-5, atol=1e-6)


@given(
    documents=st.lists(TERMS, min_size=1, max_size=9),
    weight=st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from([0.5, 1.0, 3.0])),
)
def test_terms_are_weighted(documents, weight):
    found, _ = BM25.build(documents).scores(weight)
    expected = sum(factor * np.array(naive(documents, term)) for term, factor in weight.items())
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@given(documents=st.lists(TERMS, min_size=1, max_size=9))
def test_rare_terms_weigh_more(documents):
    found = BM25.build(documents)
    holding = {term: sum(term in document for document in documents) for term in "abcdefghi"}
    for one in holding:
        assert found.holds(one) == (holding[one] > 0)
        for other in holding:
            assert (found.idf(one) > found.idf(other)) == (holding[one] < holding[other])


def test_what_is_saved_scores_the_same(tmp_path):
    documents = [["a", "b"], [], ["b", "b", "été", "句"]]
    built = BM25.build(documents)
    built.save(tmp_path / "words")
    read = BM25.open(tmp_path / "words")
    for query in (["a"], ["b", "句", "no such"], [], ["été"]):
        weight = dict.fromkeys(query, 1.0)
        for one, other in zip(read.scores(weight), built.scores(weight), strict=True):
            assert one.tolist() == other.tolist()


@pytest.mark.parametrize("documents", [[], [[]], [[], []]])
def test_nothing_to_score(documents):
    found = BM25.build(documents)
    scores, matched = found.scores({"a": 1.0})
    assert (scores.tolist(), matched.tolist()) == ([0.0] * len(documents), [])
    assert not found.holds("a")


@given(
    documents=st.lists(TERMS, min_size=1, max_size=9),
    gone=st.lists(TERMS, max_size=3),
    chance=st.randoms(use_true_random=False),
)
def test_rows_taken_from_others_make_the_same_index(documents, gone, chance):
    rows = chance.sample(range(len(documents)), len(documents))
    cut = chance.randint(0, len(rows))
    old = BM25.build([*(documents[row] for row in rows[:cut]), *gone])
    new = BM25.build([documents[row] for row in rows[cut:]])
    places = np.array(rows[:cut] + [-1] * len(gone), dtype=np.int64)
    merged = BM25.merge([(old, places), (new, np.array(rows[cut:], dtype=np.int64))], len(rows))
    whole = BM25.build(documents)
    for name in ("keys", "offsets", "rows", "counts", "lengths"):
        one, other = getattr(merged, f"_{name}"), getattr(whole, f"_{name}")
        assert (one.dtype, one.tolist()) == (other.dtype, other.tolist())
