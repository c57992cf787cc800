"""The page of the library, for who keeps it."""
