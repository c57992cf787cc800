"""A llama.cpp server on loopback, for the tests and benchmarks that need a true language model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def is_installed(package: str) -> bool:
    """Whether the server and a package that carries a model as .gguf are there."""
    return find_spec("xllamacpp") is not None and find_spec(package) is not None


@contextmanager
def serving_model(package: str, *, tokens: int, threads: int, **more: Any) -> Iterator[str]:
    """The address of the API of a server that runs the model of `package`, with a context of so
    many `tokens`; `more` are parameters of llama.cpp."""
    import xllamacpp

    found = find_spec(package)
    assert found is not None and found.origin is not None
    params = xllamacpp.CommonParams()
    params.model.path = str(next(Path(found.origin).parent.glob("*.gguf")))
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_ctx = tokens
    params.n_parallel = 1
    params.cpuparams.n_threads = threads
    params.sampling.seed = 1
    params.offline = True
    params.ui = False
    params.verbosity = -1
    for name, value in more.items():
        setattr(params, name, value)
    server = xllamacpp.Server(params)
    yield f"{server.listening_address}/v1"
    del server
