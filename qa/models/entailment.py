"""Models of natural-language inference, to judge support beside the rules.

They can tell what words cannot: that "a third of the fleet was lost" follows from "of 90 ships, 30
sank". They read the sentences of the quotes that hold every number and name of the sentence, since
such models take 1947 for 1974. One is bundled, where its weights are installed: small, and measured
(`tests/benchmarks/gate_by_kind.py`). Another can be named, and is as right as it is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from qa.errors import SettingError
from qa.models.bundled import BundledEncoder, bundled_folder
from qa.models.cross_encoder import load_cross_encoder

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

# The least probability of entailment with which a sentence passes that a named model judges. Not
# tuned: of a model with three labels it is far from what is uncertain.
LEAST_ENTAILMENT = 0.9
# The last layer of the bundled model, and the tokens of sentence and quote that it reads.
_LAYER = 11
_MOST_TOKENS = 256


class Entailment(Protocol):
    """Judges whether a text entails a sentence."""

    @property
    def name(self) -> str:
        """What it is called where it is said who checked."""
        ...

    @property
    def least(self) -> float:
        """The least probability of entailment with which a sentence passes."""
        ...

    @property
    def most_copied(self) -> float:
        """The largest share of its words that a sentence may have from its quotes to be judged."""
        ...

    def probabilities(self, texts: Sequence[str], sentence: str) -> list[float]:
        """For each text how likely (0 to 1) it is to entail `sentence`."""
        ...


class BundledEntailment:
    """The bundled cross-encoder with an adapter of ours. Safe to use from several threads."""

    name = "bundled"
    # Chosen on 1,961 lies and 1,680 truths of hands of which it learned nothing, among them 880
    # rewordings of whole passages and 252 sentences of a strong model, so that at most 2 of a
    # hundred lies pass: 28 (by the rules alone 16), and 785 truths (by the rules 309). With 0.937,
    # 36 and 870 (tests/benchmarks/gate_by_kind.py).
    least = 0.955
    most_copied = 0.9

    def __init__(self, model: BundledEncoder) -> None:
        self._model = model

    def probabilities(self, texts: Sequence[str], sentence: str) -> list[float]:
        """For each text how likely (0 to 1) it is to entail `sentence`."""
        found = []
        for states in self._model.states([(sentence, text) for text in texts]):
            words = states[1:]  # after the mark at the start
            pooled = np.concatenate([words.mean(axis=0), states[0], words.max(axis=0)])
            score = float(pooled @ self._model.head[:-1] + self._model.head[-1])
            found.append(1 / (1 + math.exp(-score)))
        return found


@cache
def bundled_entailment() -> BundledEntailment | None:
    """The bundled model, loaded once; None where its weights are not installed."""
    folder = bundled_folder()
    if folder is None:
        return None
    return BundledEntailment(BundledEncoder(folder, _LAYER, _MOST_TOKENS, "entails"))


class EntailmentModel:
    """A model that a user names."""

    least = LEAST_ENTAILMENT
    most_copied = 1.0

    def __init__(self, model: CrossEncoder, entailment: int | None, name: str) -> None:
        self.name = name
        self._model = model
        self._entailment = entailment

    def probabilities(self, texts: Sequence[str], sentence: str) -> list[float]:
        """For each text how likely (0 to 1) it is to entail `sentence`."""
        import torch

        if not texts:
            return []
        logits = self._model.predict(
            [(text, sentence) for text in texts],
            activation_fn=torch.nn.Identity(),
            convert_to_tensor=True,
            show_progress_bar=False,
        )
        if self._entailment is None:  # one number: the score of "it follows"
            return [float(value) for value in torch.sigmoid(logits.float().flatten())]
        return [float(row[self._entailment]) for row in torch.softmax(logits.float(), dim=-1)]


def load_judge(named: str | None) -> Entailment | None:
    """The model that REFDESK_SUPPORT_MODEL names, or the bundled one. Raises SettingError."""
    if named is None:
        return bundled_entailment()
    return load_entailment_model(named) if named.lower() != "off" else None


@lru_cache(maxsize=1)
def load_entailment_model(name: str) -> EntailmentModel:
    """The cross-encoder called `name`, loaded once: a folder, or a name of a hub. SettingError."""
    model = load_cross_encoder(name, "REFDESK_SUPPORT_MODEL")
    labels = {
        int(n): str(label) for n, label in ((model.config and model.config.id2label) or {}).items()
    }
    entailing = [
        n for n, label in labels.items()
        if re.search(r"(?<!not[ _-])entail|support", label, re.IGNORECASE)
    ]  # fmt: skip
    if len(labels) == 1:
        return EntailmentModel(model, None, name)
    if len(entailing) != 1:
        raise SettingError(
            f"the model {name!r} of REFDESK_SUPPORT_MODEL has the labels "
            f"{', '.join(labels.values())}; name one that has a label 'entailment'"
        )
    return EntailmentModel(model, entailing[0], name)
