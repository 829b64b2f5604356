"""What is encrypted, so that it cannot be read: whole logs, and entries of org-crypt."""

from __future__ import annotations

from collections.abc import Sequence

ENCRYPTED = "encrypted"
"""The word that every message about it has."""
_ARMORS = ("-----BEGIN PGP MESSAGE-----", "-----BEGIN AGE ENCRYPTED FILE-----")
_ARMORED = {*_ARMORS, *(f"{armor}\r" for armor in _ARMORS)}
_AGE = b"age-encryption.org/v1"
# The first byte of a packet with a session key, in the old form of OpenPGP and in the new one, and
# the versions that such a packet may have.
_OLD_KEYS = {0x84: 2, 0x85: 3, 0x86: 5, 0x8C: 2, 0x8D: 3, 0x8E: 5}
_NEW_KEYS = {0xC1, 0xC3}
_VERSIONS = {3, 4, 5, 6}


def is_encrypted(data: bytes) -> bool:
    """Tell whether the log DATA is a message of OpenPGP or age, armored or not."""
    head = data[:200].lstrip()
    if head.startswith((_AGE, *(armor.encode() for armor in _ARMORS))):
        return True
    if not data:
        return False
    if data[0] in _OLD_KEYS:
        return data[_OLD_KEYS[data[0]] :][:1] in [bytes([version]) for version in _VERSIONS]
    return data[0] in _NEW_KEYS and _new_version(data) in _VERSIONS and not _is_text(data[:200])


def _new_version(data: bytes) -> int:
    """Return the version of the packet in the new form with which DATA begins."""
    length = data[1:2]
    skipped = 2 if length < b"\xc0" else 3 if length < b"\xe0" else 6
    return data[skipped] if len(data) > skipped else 0


def _is_text(data: bytes) -> bool:
    """Tell whether DATA, which may end within a character, is UTF-8."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(data) - 4
    return True


def armored_lines(lines: Sequence[str]) -> list[int]:
    """Return which of LINES begin an encrypted message."""
    if _ARMORED.isdisjoint(lines):
        return []
    return [number for number, text in enumerate(lines) if text in _ARMORED]
