"""Follow-up questions taken apart and put together again; `qa.condense` is the door."""
