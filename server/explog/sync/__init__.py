"""The index follows logs and repositories: `look` is the door, the rest is behind it."""
