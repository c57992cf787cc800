"""What the sources say on the topic of a question that they do not answer."""

from __future__ import annotations

from collections.abc import Iterator

from index.embedding import BUNDLED_MODEL
from qa.compose.draft import Draft
from qa.compose.extract import content_of, drafts_of, lacks_names, says_the_same
from qa.retrieve.candidates import Candidate
from qa.retrieve.evidence import Evidence
from qa.retrieve.features import STRETCH_FEATURES

MOST_RELATED = 3
_SIMILARITY, _COVERAGE = (STRETCH_FEATURES.index(name) for name in ("similarity", "coverage"))
# On the topic is what is near enough to the question (its cosine), the nearer the fewer words of
# the question (by how rare they are) stand in it or above it: cosine and share are at least `_BOTH`
# together. Of the refused questions of two libraries of natural questions 0.70 get something, none
# off the topic, and of 229 that were asked of another library 0.09.
_NEAR, _BOTH = 0.3, 0.6
# What is enough without the cosine, which another embedding model has on another scale.
_MOST = 0.6


def related(evidence: Evidence) -> Iterator[Draft]:
    """The likeliest stretches that are on the topic of the question, at most `MOST_RELATED`."""
    said: list[set[str]] = []
    for candidate in evidence.candidates:
        if len(said) == MOST_RELATED:
            return
        if not _is_on_topic(evidence, candidate) or says_the_same(evidence, candidate, said):
            continue
        draft = next(drafts_of(evidence, candidate), None)
        if draft is not None:
            said.append(content_of(evidence, candidate))
            yield draft


def _is_on_topic(evidence: Evidence, candidate: Candidate) -> bool:
    coverage, similarity = candidate.features[_COVERAGE], candidate.features[_SIMILARITY]
    near = similarity >= _NEAR and similarity + coverage >= _BOTH
    bundled = evidence.generation.manifest.embedding_model == BUNDLED_MODEL
    return ((bundled and near) or coverage >= _MOST) and not lacks_names(evidence, candidate)
