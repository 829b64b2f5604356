"""EPC for Emacs: the wire, the methods' registry and the server behind `explog serve`.

`wire` turns bytes into values and back, `registry` knows which methods there are and in which
lane each runs, `server` listens. Nothing is imported here, so that a module that only registers
methods does not load the server.
"""
