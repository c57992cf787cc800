"""How grave it is what speaks against a sentence."""

from __future__ import annotations

from dataclasses import dataclass

# How grave a finding is, where it is not enough by itself; a sentence whose findings come to 1 is
# refused. Set by hand, on the pairs that may be seen (`tests/benchmarks/gate_by_kind.py`): a fit to
# them unlearned what few of them show, and was worse on kinds that were left out.
_LIGHTER = {
    finding: grave
    for grave, listed in {
        0.8: "tie_strange_subj tie_strange_obj tie_strange_isa tie_chain_isa"
        " tie_siblings_subj tie_siblings_obj tie_siblings_num left_adverb left_phrase_present"
        " left_extent",
        0.6: "tie_chain_n",
        0.4: "alias_common tie_siblings_isa left_clause_indefinite left_adverb_past"
        " left_of_definite",
        0.3: "no_pronoun tie_strange_x tie_chain_x tie_turned_n tie_alike_subj tie_alike_obj"
        " tie_alike_num tie_alike_speaker tie_pronoun_subj tie_pronoun_obj tie_pronoun_isa"
        " tie_pronoun_x tie_pronoun_n left_phrase_definite left_time about_light",
        0.15: "tie_turned_x tie_turned_isa tie_turned_subj tie_turned_obj tie_turned_num"
        " tie_siblings_x tie_siblings_n left_name left_clause_definite left_mod_definite",
        0.05: "tie_ergative_obj tie_ergative_subj tie_alike_x tie_alike_isa tie_alike_n"
        " left_subject left_phrase_past",
        0.0: "no_possessive",
    }.items()
    for finding in listed.split()
}


# What the words and their order cannot excuse.
_EXACT = (
    "negation", "tense", "modal_", "quantity_", "about_", "no_", "alias", "condition_added",
    "other_subject", "left_condition", "left_speaker", "left_number", "left_rank", "left_hedge",
    "left_part", "left_extent", "left_than", "left_degree", "left_subject", "left_object",
    "left_phrase_indefinite", "left_clause_indefinite", "left_of_indefinite",
)  # fmt: skip


@dataclass(slots=True)
class Findings:
    """What speaks against a sentence: each with the words that it is about."""

    found: list[tuple[str, str]]

    @property
    def grave(self) -> float:
        """How much speaks against it; from 1 on it is refused."""
        return sum(_LIGHTER.get(kind, 1.0) for kind, _ in self.found)

    @property
    def exact(self) -> bool:
        """Whether what speaks against it is more than that words hang together otherwise."""
        return any(kind.startswith(_EXACT) for kind, _ in self.found)

    def add(self, kind: str, *about: object) -> None:
        """Notes a finding and what it is about."""
        self.found.append((kind, " ".join(str(one) for one in about)))
