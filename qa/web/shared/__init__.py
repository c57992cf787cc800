"""What every page needs: who uses it, its threads, its HTML and its words."""
