"""EPC for Emacs: the wire, the registry of methods with its lanes, connections and the server.

It knows `errors` and nobody else. Nothing is imported here, so that a module that only registers
methods does not load the server.
"""
