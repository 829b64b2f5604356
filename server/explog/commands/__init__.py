"""The commands for a terminal, one module for each: its `command` is what click runs.

A module has the name of its command; nothing else has to know of it. What a command needs to do its
work is imported when it runs: shells that complete words, and `explog --help`, load all of them.
"""
