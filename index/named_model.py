"""Embedding models that a person names, as sentence-transformers has them; offline where it can."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from index.bert import Bert, Encode
from index.errors import ModelError
from index.token_vectors import Floats

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class NamedModel:
    """A model of sentence-transformers."""

    threads = 1  # it uses all that torch has by itself

    def __init__(self, model: SentenceTransformer) -> None:
        self._model = model
        self._prompt = model.prompts.get("query")
        self.dimension = int(model.get_embedding_dimension() or 0)
        _all_threads()

    def vocabulary(self) -> Iterable[str]:
        """The pieces that the tokenizer knows."""
        found: Iterable[str] = self._model.tokenizer.get_vocab()
        return found

    def count(self, text: str) -> int:
        """How many tokens a text has, with the marks around it."""
        return len(self._model.tokenizer(text)["input_ids"])

    def pieces(self, text: str, count: int) -> list[str]:
        """What each of the first `count` tokens stands for in a question."""
        if not self._model.tokenizer.is_fast:  # it does not tell
            return [""] * count
        prompt = self._prompt or ""
        begin = len(prompt)
        encoded = self._model.tokenizer(prompt + text, return_offsets_mapping=True)
        spans = encoded["offset_mapping"][:count]
        return [(prompt + text)[max(start, begin) : end] for start, end in spans]

    def encoder(self, texts: int) -> Encode:
        """What encodes texts, however many."""
        return self._encode

    def question(self, text: str) -> tuple[Floats, Floats]:
        """The vectors of one question."""
        return self._encode([text], self._prompt)[0]

    def _encode(
        self, texts: Sequence[str], prompt: str | None = None
    ) -> list[tuple[Floats, Floats]]:
        import torch

        torch.set_num_threads(1 if len(texts) == 1 else _all_threads())
        outputs: Any = self._model.encode(  # a list, whatever its types say
            list(texts), prompt=prompt, output_value=None, show_progress_bar=False
        )
        return [
            (_floats(one["sentence_embedding"]), _floats(one["token_embeddings"][_read(one)]))
            for one in outputs
        ]


def load_named(name: str) -> Bert | NamedModel:
    """The model called `name`: a folder, or, of a hub, what the person who named it wants loaded.
    One that our own encoder can run is run by it. Raises ModelError."""
    import torch
    from sentence_transformers import SentenceTransformer

    quiet_libraries()
    options: dict[str, Any] = {"use_safetensors": True}
    processor = torch.cpu.get_capabilities()
    if processor.get("avx512_bf16") or processor.get("amx_bf16"):
        options["dtype"] = torch.bfloat16
    try:
        model = SentenceTransformer(
            name,
            device="cpu",
            trust_remote_code=False,
            local_files_only=Path(name).is_dir(),
            model_kwargs=options,
        )
    except (OSError, ValueError, RuntimeError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(
            f"the embedding model {name!r} cannot be loaded ({first}); name a folder that holds a "
            f"sentence-transformers model in safetensors, or leave REFDESK_EMBEDDING_MODEL unset"
        ) from error
    return as_bert(model) or NamedModel(model)


def as_bert(model: SentenceTransformer) -> Bert | None:
    """Our encoder with the weights of `model`; None where that is of another kind."""
    import torch
    from transformers import BertModel

    kinds = [type(module).__name__ for module in model]
    first: Any = model[0]
    second = model[1] if len(kinds) > 1 else None
    encoder = getattr(first, "auto_model", None)
    served = (
        kinds in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"])
        and type(encoder) is BertModel
        and encoder.config.hidden_act == "gelu"
        and not encoder.config.is_decoder
        and getattr(second, "pooling_mode", None) == "mean"
        and getattr(second, "include_prompt", False)
        and model.default_prompt_name is None
        and bool(model.max_seq_length)
        and getattr(getattr(first, "tokenizer", None), "is_fast", False)
    )
    if not served:
        return None
    assert encoder is not None
    from tokenizers import Tokenizer

    # One of its own: that of the model changes its settings with every call.
    tokenizer = Tokenizer.from_str(first.tokenizer.backend_tokenizer.to_str())
    tokenizer.no_padding()
    tokenizer.enable_truncation(int(model.max_seq_length or 0))
    state = encoder.state_dict()
    return Bert(
        weights={name: _floats(tensor) for name, tensor in state.items()},
        tokenizer=tokenizer,
        heads=encoder.config.num_attention_heads,
        epsilon=encoder.config.layer_norm_eps,
        prompt=model.prompts.get("query") or "",
        precise=encoder.dtype == torch.float32,
    )


def quiet_libraries() -> None:
    """Keep the loading bars of the model libraries out of a person's terminal."""
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]


@lru_cache(maxsize=1)
def _all_threads() -> int:
    """How many threads torch has; first asked before any question is embedded."""
    import torch

    return torch.get_num_threads()


def _read(output: dict[str, Any]) -> Any:
    """Which of the tokens are those of the text, and not there to fill a batch."""
    return output["attention_mask"].bool()


def _floats(tensor: Any) -> Floats:
    return np.asarray(tensor.float().cpu().numpy(), dtype=np.float32)
