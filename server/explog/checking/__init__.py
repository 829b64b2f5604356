"""What is wrong with the logs, and how it is mended: one module for each kind of problem.

It asks `plan` what would be written; nothing there knows of it.
"""
