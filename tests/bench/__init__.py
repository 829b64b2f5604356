"""The benchmark: a world made from a fixed seed, and what explog and others need for it."""
