"""The one error type that users see.

A code is stable and machine-readable, a message is one sentence for a person that names the file
or reference it is about, and `data` carries whatever a caller may want to act on.
"""

from __future__ import annotations


class ExplogError(Exception):
    """Something that the user or a client can understand and act upon.

    `code` is kebab-case and stable (`unknown-experiment`, `busy`, `read-only` ...);
    `data` holds JSON-like values only.
    """

    def __init__(self, code: str, message: str, **data: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def __str__(self) -> str:
        return self.message
