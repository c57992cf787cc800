"""The gate: whether what is cited says what is said."""
