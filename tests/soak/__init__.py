"""Hours of commits, edits and kills, for a night: `make soak SOAK_MINUTES=60`."""
