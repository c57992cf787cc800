"""A cross-encoder that a user names to order the sentences that may answer."""

import numpy as np
import pytest
from test_entailment import make

from qa import answer
from qa.errors import SettingError
from qa.models.cross_encoder import load_reranker
from qa.retrieve.evidence import gather

QUESTION = "What is known of the harbour of Oldport?"


class Liking:
    """It likes the texts that hold a word, so that the order can be told."""

    def __init__(self, word):
        self.word = word

    def scores(self, question, texts):
        return np.array([float(self.word in text) for text in texts])


def test_it_orders_the_sentences_and_leaves_the_confidence(opened):
    generation = opened.generation
    plain = gather(generation, QUESTION)
    texts = [generation.unit_text(row) for row in plain.rows]
    liked = gather(generation, QUESTION, reranker=Liking(texts[-1].split()[-1]))
    assert [generation.unit_text(row) for row in liked.rows].index(texts[-1]) < len(texts) - 1
    assert liked.log_odds == plain.log_odds
    assert liked.shares.sum() == pytest.approx(1)


def test_a_model_on_disk_is_taken_by_setting(opened, tmp_path, monkeypatch):
    name = make(tmp_path / "model", [0.0], labels=("LABEL_0",))
    scores = load_reranker(name).scores("ships", ["Ninety ships left Oldport.", "It rained."])
    assert scores.shape == (2,) and scores[0] != scores[1]
    monkeypatch.setenv("REFDESK_RERANKER", name)
    assert answer("How deep was the harbour of Oldport dredged in 1987?", index=opened).citations


def test_a_model_of_labels_is_none(tmp_path):
    with pytest.raises(SettingError, match="REFDESK_RERANKER gives 3 numbers"):
        load_reranker(make(tmp_path / "model", [0.0, 0.0, 0.0]))


def test_a_folder_without_a_model_says_so(tmp_path):
    with pytest.raises(SettingError, match="REFDESK_RERANKER cannot be loaded"):
        load_reranker(str(tmp_path))
