"""Org files: text to experiments, and edits back to text. Knows no git and no index."""
