"""The bundled encoder run without padding and masks: what it yields is what the library yields."""

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer

from index.bert import Bert
from index.embedding import Embedder, _bundled_path, load_embedder

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


def test_tokens_are_those_of_the_library(plain):
    bert = Bert.of(plain)
    assert bert
    for ours, theirs in zip(bert.encode(TEXTS), of_library(plain, TEXTS), strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_scores_that_overflow_are_shifted(plain):
    """Attention as sharp as this exceeds 2 to the power of 128."""
    with torch.no_grad():
        for layer in plain[0].auto_model.encoder.layer:
            layer.attention.self.query.weight *= 30
            layer.attention.self.query.bias *= 30
    bert = Bert.of(plain)
    ids = torch.tensor(plain.tokenizer(TEXTS[5])["input_ids"])
    with torch.inference_mode():
        assert not bert._run(ids, [len(ids)]).isfinite().all()
    for ours, theirs in zip(bert.encode(TEXTS), of_library(plain, TEXTS), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-2)


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
    assert Bert.of(plain) is None
    embedder = Embedder("other", plain)
    expected = plain.encode(TEXTS, normalize_embeddings=True, show_progress_bar=False)
    np.testing.assert_allclose(embedder.embed(TEXTS), expected, atol=1e-5)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_text_has_the_tokens_it_has_alone(plain, pooling):
    """Whichever way it is embedded, and whatever fills the batch that it is in."""
    plain[1].pooling_mode = pooling
    embedder = Embedder(pooling, plain)
    sizes = [len(tokens) for _, tokens in embedder._run(TEXTS)]
    alone = [len(tokens) for text in TEXTS for _, tokens in embedder._run([text])]
    assert (
        sizes
        == alone
        == [len(plain.tokenizer(text, truncation=True)["input_ids"]) for text in TEXTS]
    )


def test_the_bundled_model_runs_so():
    assert load_embedder()._bert


def test_where_its_products_cannot_run_the_library_stands_in(plain, monkeypatch):
    def fail(self, texts):
        raise RuntimeError("no such product")

    monkeypatch.setattr(Bert, "encode", fail)
    assert Bert.of(plain) is None
    assert Embedder("other", plain).embed(TEXTS[:1]).shape == (1, 384)
