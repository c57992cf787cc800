"""A model of natural-language inference that a user names, to judge support beside the rules.

It can tell what words cannot: that "a third of the fleet was lost" follows from "of 90 ships, 30
sank". It reads the sentences of the quotes that hold every number and name of the sentence, since
such models take 1947 for 1974; how far they are right otherwise depends on the model named.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from qa.errors import SettingError
from qa.models.cross_encoder import load_cross_encoder

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

# The least probability of entailment with which a sentence passes. Not tuned: no such model comes
# with Refdesk. Of a model with three labels it is far from what is uncertain.
LEAST_ENTAILMENT = 0.9


class EntailmentModel:
    """Judges whether a text entails a sentence."""

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
