"""Runs: `explog run` has a training leave its trace before, while and after it runs.

All modules here need Python 3.9 and its standard library alone, as clusters have them, and start
fast: nothing of explog but what a run needs is imported.
"""
