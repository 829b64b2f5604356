"""Numbers in sentences."""

from __future__ import annotations


def counted(number: int, plural: str) -> str:
    """Return `1 log`, `2 logs`, `1 repository`."""
    if number != 1:
        return f"{number:,} {plural}"
    for many, one in (("ies", "y"), ("hes", "h"), ("s", "")):
        if plural.endswith(many):
            return f"1 {plural.removesuffix(many)}{one}"
    return f"1 {plural}"
