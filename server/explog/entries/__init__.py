"""The entries of experiments, in buffers and in files: their text, and changes of it."""
