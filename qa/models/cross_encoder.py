"""Cross-encoders that a user names: loaded from safetensors, without running code of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.named_model import quiet_libraries
from qa.errors import SettingError

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

_loading = Lock()


class Reranker:
    """Scores how well texts answer a question."""

    def __init__(self, model: CrossEncoder) -> None:
        self._model = model

    def scores(self, question: str, texts: Sequence[str]) -> NDArray[np.float64]:
        """For each text how well it answers, shape (texts,); higher is better."""
        found = self._model.predict([(question, text) for text in texts], show_progress_bar=False)
        return np.asarray(found, dtype=np.float64)


def load_reranker(name: str) -> Reranker:
    """The cross-encoder called `name`, loaded once: a folder, or a name of a hub. SettingError."""
    model = load_cross_encoder(name, "REFDESK_RERANKER")
    if model.num_labels != 1:
        raise SettingError(
            f"the model {name!r} of REFDESK_RERANKER gives {model.num_labels} numbers for a pair; "
            f"name one that gives one, the score"
        )
    return Reranker(model)


def load_cross_encoder(name: str, variable: str) -> CrossEncoder:
    """The cross-encoder that the setting `variable` names, loaded once. Raises SettingError."""
    with _loading:
        return _load(name, variable)


@lru_cache(maxsize=2)
def _load(name: str, variable: str) -> CrossEncoder:
    from sentence_transformers import CrossEncoder

    quiet_libraries()
    try:
        model: CrossEncoder = CrossEncoder(
            name,
            device="cpu",
            local_files_only=Path(name).is_dir(),
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
        return model
    except Exception as error:  # each library raises its own
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise SettingError(
            f"the model {name!r} of {variable} cannot be loaded ({first}); name a "
            f"folder that holds a cross-encoder in safetensors, or leave it unset"
        ) from None
