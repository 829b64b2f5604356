"""Random histories, an oracle of the rule of the hash, and a judge of what explog makes of them.

    python -m fuzz SEED... --operations N        from the folder tests, for a long run

Nothing here knows how explog works: the oracle reads git and the text of the log by itself.
"""
