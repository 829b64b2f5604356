"""Which commit belongs to which step: `rule` decides, from the facts gathered beside it."""
