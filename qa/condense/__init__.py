"""Making a follow-up stand on its own."""
