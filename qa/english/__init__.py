"""English as this package needs it: words, verbs, phrases."""
