"""Token vectors: what they hold, how they are matched, and that a rebuild takes them over."""

import numpy as np
import pytest

from index import open_index, rebuild
from index.embedding import load_embedder
from index.token_vectors import TOKEN_DIMENSION, TokenVectors, principal_axes, to_bytes, unit_length


@pytest.fixture
def three():
    rows = [[[127, 0], [0, 127]], [[-127, 0]], []]
    flat = np.array([vector for unit in rows for vector in unit], dtype=np.int8)
    return TokenVectors(flat, np.cumsum([0, *map(len, rows)]))


def test_each_query_token_finds_its_best_match(three):
    query = np.array([[1, 0], [0.6, 0.8]], dtype=np.float32)
    found = three.best_matches(query, np.array([1, 0]))
    np.testing.assert_allclose(found[0], [0, 0])  # none is alike: a match is never below 0
    np.testing.assert_allclose(found[1], [1, 0.8])


def test_a_unit_without_tokens_matches_nothing(three):
    found = three.best_matches(np.ones((3, 2), dtype=np.float32), np.array([2]))
    assert found.tolist() == [[0, 0, 0]]


def test_saved_and_opened_they_are_the_same(three, tmp_path):
    three.save(tmp_path / "tokens")
    opened = TokenVectors.open(tmp_path / "tokens")
    for row in range(3):
        np.testing.assert_array_equal(opened.unit(row), three.unit(row))


def test_bytes_keep_directions():
    vectors = np.random.default_rng(1).normal(size=(50, 64)).astype(np.float32)
    cosines = (unit_length(to_bytes(vectors)) * unit_length(vectors)).sum(axis=1)
    assert cosines.min() > 0.999


def test_axes_are_orthonormal_and_keep_most_of_what_lies_on_few():
    rng = np.random.default_rng(2)
    few = rng.normal(size=(500, 10)) @ rng.normal(size=(10, 128))
    axes = principal_axes(few.astype(np.float32))
    assert axes.shape == (128, TOKEN_DIMENSION)
    np.testing.assert_allclose(axes.T @ axes, np.eye(TOKEN_DIMENSION), atol=1e-4)
    kept = np.linalg.norm(unit_length(few) @ axes, axis=1)
    np.testing.assert_allclose(kept, 1, atol=1e-3)


def test_a_lead_leaves_no_tokens():
    embedder = load_embedder()
    lead, text = "The title\nThe heading\n", "Ships carry grain."
    (alone, _), (led, vectors) = (
        _embed_one(embedder, one, before) for one, before in ((text, ""), (lead + text, lead))
    )
    assert led.shape == alone.shape == (4, TOKEN_DIMENSION)
    np.testing.assert_allclose(vectors, embedder.embed([lead + text]), atol=1e-3)


def _embed_one(embedder, text, lead):
    ((_, vectors, (tokens,)),) = embedder.embed_each(
        np.array([len(text)]), lambda place: text, lambda place: lead, embedder.token_axes
    )
    return tokens, vectors


def test_query_tokens_know_question_words_and_content():
    embedder = load_embedder()
    vector, tokens = embedder.embed_query_with_tokens(
        "When do the ships sail?", embedder.token_axes
    )
    np.testing.assert_allclose(vector, embedder.embed_query("When do the ships sail?"), atol=1e-3)
    # [CLS] when do the ships sail ? [SEP]
    assert tokens.interrogative.tolist() == [False, True] + [False] * 6
    assert tokens.content.tolist() == [False] * 4 + [True, True, False, False]
    np.testing.assert_allclose(np.linalg.norm(tokens.vectors, axis=1), 1, atol=1e-4)


def test_a_query_of_function_words_still_has_content():
    embedder = load_embedder()
    _, tokens = embedder.embed_query_with_tokens("Who are they?", embedder.token_axes)
    assert tokens.content.sum() == 3


def test_a_rebuild_takes_token_vectors_over(own_library, own_index):
    before = open_index(own_index).generation
    (own_library / "new.md").write_text("# Added\n\nA new lighthouse was built in 2001.\n")
    rebuild(own_library, index=own_index)
    after = open_index(own_index).generation
    row_of = {place(before, row): row for row in range(before.manifest.units)}
    again = 0
    for row in range(after.manifest.units):
        old = row_of.get(place(after, row))
        if old is not None:
            np.testing.assert_array_equal(after._tokens.unit(row), before._tokens.unit(old))
            again += 1
    assert again == before.manifest.units < after.manifest.units


def place(generation, row):
    source, start, end = generation.unit(row)
    return source.id, start, end
