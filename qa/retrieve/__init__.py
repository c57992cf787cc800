"""From a question to the evidence for an answer, and how sure it is."""
