"""The progress report: what was concluded, tried and left open in a period, and where it stands.

All of it is said by the log and by commits; explog adds no word but the names of the sections.
"""
