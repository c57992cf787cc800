"""How sure an answer is, in words: whatever tells it to a person takes them from here."""

from __future__ import annotations

# From the least confidence on: what a calibrated share of right answers is called.
_WORDS = ((0.9, "High"), (0.75, "Good"), (0.5, "Moderate"), (0.0, "Low"))


def confidence_told(confidence: float, *, answered: bool) -> str:
    """A calibrated confidence (0 to 1) in one sentence: of a hundred, never none and never all,
    which nobody can promise. What was not answered would have been right so often."""
    share = min(99, max(1, round(confidence * 100)))
    if not answered:
        return f"Not answered: about {share} in 100 such answers would have been right."
    word = next(word for least, word in _WORDS if confidence >= least)
    return f"{word} confidence: about {share} in 100 such answers are right."


def not_calibrated(model: str | None = None) -> str:
    """What to say where no confidence was fitted to the embedding `model`, None for "this"."""
    which = f"the embedding model {model}" if model else "this embedding model"
    return (
        f"confidence is not calibrated for {which}: questions are refused by rank alone until "
        f"`refdesk eval QUESTIONS.jsonl --calibrate`"
    )
