"""The chat page: conversation, panel, what is kept."""
