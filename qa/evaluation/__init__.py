"""Measuring answers on questions whose answers are known."""
