"""What the packages export, and that importing them is light."""

import importlib
import subprocess
import sys

import pytest

EXPORTS = {
    "sources": "load_sources list_files add_source strip_invisible count_invisible Source Block "
    "Reference Limits ExtractCache SourceError LibraryNotFoundError NoSourcesError SnapshotError "
    "MetadataError UnreadableError",
    "index": "rebuild rollback open_index Index Hit Chunk RebuildReport IndexingError "
    "IndexNotFoundError IndexDamagedError IndexBusyError StoreError LibraryShrankError "
    "AnswersLostError ModelError QueryError ScopeError",
    "qa": "answer stream_answer report chain export_answer check_answer Answer AnswerSentence "
    "Citation Passage Conflict Report RefdeskError QuestionError ChatModelError SettingError",
}
HEAVY = {"chromadb", "gradio", "langchain", "langchain_core", "numpy", "torch", "transformers"}


@pytest.mark.parametrize("package", EXPORTS)
def test_what_is_exported_is_there_and_described(package):
    module = importlib.import_module(package)
    assert module.__all__ == EXPORTS[package].split()
    for name in module.__all__:
        found = getattr(module, name)
        assert found.__name__ == name
        assert found.__doc__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = module.nothing


@pytest.mark.parametrize("package", EXPORTS)
def test_an_import_is_light(package):
    code = f"import sys, {package}; print({HEAVY} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"


def test_a_light_name_stays_light():
    code = (
        "import sys; from index import Chunk, IndexingError; from qa import Answer, RefdeskError; "
        f"print({HEAVY} & set(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"
