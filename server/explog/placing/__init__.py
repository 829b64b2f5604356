"""Which commit belongs to which step, and how its hash comes into the log.

`rule` decides, from what `standing` and `placement` find out. `backfill` plans and `edits` makes a
plan text; `settle`, `writing`, `held`, `changes` and `review` bring that into files and buffers.
"""
