"""Reading a source as a document."""
