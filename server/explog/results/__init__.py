"""Results: the numbers that commits give, read from their files and messages."""
