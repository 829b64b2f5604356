"""End-to-end tests: a real Emacs in a pseudo terminal, driven by the keys a user would press."""
