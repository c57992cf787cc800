"""From evidence to a draft: sentences of the sources, or those of a language model."""
