"""explog keeps an org-mode experiment log true to git."""

__version__ = "0.1.0"
