"""The gate: whether what is cited says what is said.

`gate` asks `support` of each sentence, and cites what supports it; `claims` asks it of sentences
that somebody else wrote. `support` decides in this order, and says by which of the ways:

1. Word for word: the sentence stands in a quote (`support` itself).
2. Copied but for a few words that change it (`miscopy`): refused.
3. By words, in any language (`by_words`): each of the `clauses` of the sentence is held by one of
   a quote, with all its words. Two that are still not the same are told by `distortion` (denied,
   attributed or turned round) and `number_roles` (a number put to something else).
4. By parse, in English (`by_parse`), beside the words. `syntax` is what the parser says of a word,
   `propositions` what a sentence states, `graph` that as nodes and ties, `alignment` which node of
   a quote stands for which of the sentence, `findings` what then speaks against it, and how grave.
5. What restricts the quote is left out, a condition, a rank or a share (`restrictions`): refused,
   whatever speaks for it.
6. By a model of inference, where a person names one (`support`).
"""
