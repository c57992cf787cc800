"""The bundled encoder run without padding and masks: what it yields is what the library yields."""

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from index.bert import Bert
from index.bert_onednn import OneDnnBert
from index.embedding import Embedder, _bundled_path, load_embedder
from index.named_model import NamedModel, as_bert

TEXTS = [
    "What is longer than the model reads is cut off. " * 40,
    "A port.",
    "",
    "Two ships.",  # of one length with the port
    "中国的茶叶通过陆路运往俄罗斯。",
    "The harbour of Oldport was dredged to a depth of eleven metres in 1987.",
]


@pytest.fixture
def plain():
    return SentenceTransformer(
        str(_bundled_path()),
        device="cpu",
        local_files_only=True,
        model_kwargs={"dtype": torch.float32},
    )


def of_library(model, texts):
    """The vectors of the tokens of each text, one text at a time, as the library makes them."""
    found = [model.encode(text, output_value=None, show_progress_bar=False) for text in texts]
    return [one["token_embeddings"].float().numpy() for one in found]


def by_powers(bert):
    """As in bfloat16, but in the precision of float32."""
    found = OneDnnBert.of(bert)
    found._by_powers = True
    return found


@pytest.fixture(params=[lambda bert: bert, OneDnnBert.of, by_powers])
def run_by(request):
    """What makes of an encoder one that yields the vectors of tokens."""
    return request.param


def test_tokens_are_those_of_the_library(plain, run_by):
    bert = as_bert(plain)
    assert bert
    for ours, theirs in zip(run_by(bert).tokens(TEXTS), of_library(plain, TEXTS), strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_a_question_has_the_vector_of_the_published_model(plain):
    """Without torch, from the weights in their file."""
    expected = plain.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    for text, vector in zip(TEXTS, expected, strict=True):
        assert load_embedder().embed_query(text) @ vector >= 0.99999


def sharp(plain):
    """Attention as sharp as this exceeds 2 to the power of 128."""
    with torch.no_grad():
        for layer in plain[0].auto_model.encoder.layer:
            layer.attention.self.query.weight *= 30
            layer.attention.self.query.bias *= 30
    return as_bert(plain)


def test_scores_that_overflow_are_shifted(plain, run_by):
    bert = run_by(sharp(plain))
    for ours, theirs in zip(bert.tokens(TEXTS), of_library(plain, TEXTS), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-2)


def test_scores_do_overflow_in_a_power_of_two(plain):
    bert = by_powers(sharp(plain))
    ids = torch.tensor(plain.tokenizer(TEXTS[5])["input_ids"])
    with torch.inference_mode():
        assert not bert._run(ids, [len(ids)]).isfinite().all()


def change_pooling(model):
    model[1].pooling_mode = "cls"


def change_activation(model):
    model[0].auto_model.config.hidden_act = "relu"


def add_prompt(model):
    model.prompts["passage"] = "passage: "
    model.default_prompt_name = "passage"


@pytest.mark.parametrize("change", [change_pooling, change_activation, add_prompt])
def test_a_model_of_another_kind_is_left_to_the_library(plain, change):
    change(plain)
    assert as_bert(plain) is None
    embedder = Embedder("other", NamedModel(plain))
    expected = plain.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    np.testing.assert_allclose(embedder.embed(TEXTS), expected, atol=1e-5)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_text_has_the_tokens_it_has_alone(plain, pooling):
    """Whichever way it is embedded, and whatever fills the batch that it is in."""
    plain[1].pooling_mode = pooling
    model = as_bert(plain) or NamedModel(plain)
    assert isinstance(model, Bert) == (pooling == "mean")
    encode = model.encoder(len(TEXTS))
    sizes = [len(tokens) for _, tokens in encode(TEXTS)]
    alone = [len(tokens) for text in TEXTS for _, tokens in encode([text])]
    assert (
        sizes
        == alone
        == [len(plain.tokenizer(text, truncation=True)["input_ids"]) for text in TEXTS]
    )


def test_many_texts_run_on_onednn_and_few_do_not(monkeypatch):
    ran = []
    monkeypatch.setattr(OneDnnBert, "of", ran.append)  # none: numpy stands in
    bert = Bert.read(_bundled_path())
    few = bert.encoder(20)(TEXTS[:1])
    assert not ran and "_onednn" not in vars(bert)
    ((vector, _),) = bert.encoder(20_000)(TEXTS[:1])
    assert ran == [bert]
    np.testing.assert_array_equal(vector, few[0][0])


def test_where_its_products_cannot_run_there_is_none(plain, monkeypatch):
    def fail(self, texts):
        raise RuntimeError("no such product")

    monkeypatch.setattr(OneDnnBert, "tokens", fail)
    assert OneDnnBert.of(as_bert(plain)) is None
