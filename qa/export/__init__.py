"""Answers as files, and checking them again."""
