"""What stands in front of a reference in a subject: prefixes, and words that only quote.

Hooks and people put prefixes before what they mean to say: `feat: `, `PROJ-12 `, `[main] `. Git,
forges and stacked-diff tools quote the subject of another commit: `Revert "..."`, `fixup! ...`.

Every pattern is anchored and bounded, so that the time is in proportion to the length of the text.
"""

from __future__ import annotations

import re
from functools import cache

_MOST_PREFIXES = 16

# Words that point at something else: `see: [e1.2] Results`.
_POINTING = r"(?:see|cf|compare|like|unlike|re|fwd?|note|nb|todo|fixme|refs)\b"
# What a squashed commit's line in a body may begin with; other words there may be prose.
_CONVENTIONAL = (
    r"(?:build|chore|ci|data|docs?|exp|feat(?:ure)?|fix|hotfix|perf|refactor|revert|style|tests?"
    r"|wip)\b"
)
_SCOPE = r"(?: ?\([^()\n]{0,60}\)|\[[^\[\]\n]{0,60}\])?!? ?[:\uff1a](?!//)"
_TYPE = rf"(?!(?i:{_POINTING}))[^\W\d_][\w./+*,-]{{0,40}}{_SCOPE}"
_BODY_TYPE = rf"{_CONVENTIONAL}{_SCOPE}"
# Neither a reference nor a box of a list of tasks.
_TAG = r"\[(?!e[0-9]|[ xX-]\])[^\[\]\n]{1,80}\]|<[^<>\n]{1,40}>|\{[^{}\n]{1,40}\}"
_PARENTHESES = r"\([\w#!.,/+-]{1,40}\)"
_TICKET = (
    r"[A-Za-z][A-Za-z0-9_]{0,15}-[0-9]{1,9}\b|[DT][0-9]{1,9}\b|[A-Za-z][\w./-]{0,60}#[0-9]{1,9}\b"
    r"|[A-Z]{2,10}-(?=[a-z]{0,15}[0-9])[0-9a-z]{1,16}\b"
)
_NOUN = r"(?:bug|issue|ticket|task|story|pr|mr|pull request|merge request)"
_DONE = r"(?:merged?|fix(?:e[sd])?|close[sd]?|resolve[sd]?|refs?)"
_NUMBER = rf"(?i:(?:{_DONE}\s)?(?:{_NOUN}\s[#!]?|[#!])[0-9]{{1,9}}\b)"
_UNFINISHED = r"(?i:wip|draft|rfc|dnm|do[ -]not[ -](?:merge|submit|land|commit))\b"
_EMOJI = (
    "(?:[0-9#*]\ufe0f?\u20e3|[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d"
    "\u3297\u3299\ufe0f\u200d\U0001f000-\U0001faff\U000e0020-\U000e007f]){1,32}"
)
_GITMOJI = r":[a-z0-9_+-]{1,50}:"
_SEPARATOR = re.compile(r"(?:[\s\uff1a|,/;~*+\u00b7\u2022\u2013\u2014-]|:(?![a-z0-9_+-]{1,50}:))*")


# Compiled when first used: a program that reads no commit starts 10 ms sooner.
@cache
def _prefix(kind: str) -> re.Pattern[str]:
    shapes = (_TAG, _PARENTHESES, _NUMBER, kind, _TICKET, _UNFINISHED, _GITMOJI, _EMOJI)
    return re.compile("|".join(shapes))


_OPEN = "\"'`\u201c\u201e\u2018\u201a\u00ab\u2039\u300c"
_CLOSE = dict(zip(_OPEN, "\"'`\u201d\u201c\u2019\u2018\u00bb\u203a\u300d", strict=True))
_QUOTE = rf"[{_OPEN}]"
_HOW = r"(?:(?:partial|temporari|manual|automatic)(?:ly)?\s|automated\s)?"
_TAKING_BACK = (
    r"(?:(?:un|re-?)?revert(?:s|ed|ing)?|re-?appl(?:y|ies|ied|ying)|re-?land(?:s|ed|ing)?"
    r"|re-?commit(?:s|ted|ting)?|back(?:s|ed|ing)?[ -]?out|undo(?:es|ing)?|undid"
    r"|roll(?:s|ed|ing)?[ -]?back)"
)
_COPYING = r"(?:back-?port(?:s|ed|ing)?|cherry[ -]?pick(?:s|ed|ing)?)"
_OBJECT = (
    r"(?:(?:of|the|this|commits?|changesets?|changes?|cl|revisions?|rev|patch(?:es)?|diffs?|pr|mr"
    r"|pull request|merge request|merge|submission|[0-9]{1,9})\s){0,6}"
)
# A commit or change, by what git, Subversion, Gerrit, Phabricator or a forge calls it.
_NAMED = (
    r"\(?(?:[#!][0-9]|bug\s[0-9]|(?-i:D[0-9]|r[0-9]|I[0-9a-f]{8}|r[A-Z]{1,8}[0-9a-f]{4}"
    r"|(?=[a-f]{0,63}[0-9])[0-9a-f]{7,64}\b))"
)
_QUOTING = (
    r"(?:fixup|squash|amend|reword|drop)!\s"
    r"|(?:wip|index|untracked files) on [^:\n]{1,250}: [0-9a-f]{4,64}\s"  # git stash
    rf"|update (?:base for\b|on {_QUOTE})"  # ghstack
    r"|merge changes (?:from topic|I[0-9a-f]{7})"  # Gerrit, which quotes several in the body
    rf"|[\[(]{_TAKING_BACK}[\])]"
    rf"|{_HOW}(?:{_TAKING_BACK}|{_COPYING})(?:\^[0-9]{{1,9}})?"
    rf"(?::?\s?{_QUOTE}|\s{_OBJECT}(?:\(?{_QUOTE}|{_NAMED}))"
)
_TAKEN_BACK = rf"{_HOW}{_TAKING_BACK}(?:\^[0-9]{{1,9}})?\s{_OBJECT}"
_MERGED = (
    r"merged?\s(?:(?:branch(?:es)?|tags?|commits?|bookmark|remote-tracking branch|pull request"
    rf"|merge request|pr|mr|changes?|topic)\s){{0,3}}({_QUOTE})"
)
# What one of these begins with, as the patterns take longer.
_BEGINNING = re.compile(r"(?i:am|au|ba|ch|dr|fi|in|ma|me|pa|re|ro|sq|te|un|up|wi|[\[(][rub])")
# Android's automerger appends ` am: 83d45cd` to the subject that it merges, and may do so again.
_AUTOMERGED = re.compile(r" am: [0-9a-f]{7,40}(?: -s ours)?$")
_REFERENCE = re.compile(r"\[e[0-9]")


@cache
def _ignoring_case(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def after_prefixes(text: str, at: int = 0, *, body: bool = False) -> int:
    """Return where in TEXT what is said begins, behind the prefixes that stand at AT, if any.

    Fewer words are prefixes in the line of a BODY, where prose begins with them.
    """
    for _number in range(_MOST_PREFIXES):
        end = _after_prefix(text, at, body=body)
        if end == at:
            break
        at = end
    return at


def _after_prefix(text: str, at: int, *, body: bool = False) -> int:
    prefix = _prefix(_BODY_TYPE if body else _TYPE).match(text, at)
    if body and not prefix:
        return at
    separator = _SEPARATOR.match(text, prefix.end() if prefix else at)
    return separator.end() if separator else at


def is_quote(text: str, at: int = 0) -> bool:
    """Tell whether the subject that TEXT has at AT says nothing but quotes that of another commit.

    Such words may stand behind prefixes, as hooks put those in front of any subject.
    """
    if " am: " in text and _AUTOMERGED.search(text[-64:]):
        return True
    if text.startswith("[e", at) and text[at + 2 : at + 3].isdigit():
        return False
    for _number in range(_MOST_PREFIXES):
        if _quotes(text, at):
            return True
        end = _after_prefix(text, at)
        if end == at:
            break
        at = end
    return False


def _quotes(text: str, at: int) -> bool:
    if not _BEGINNING.match(text, at):
        return False
    if _ignoring_case(_QUOTING).match(text, at):
        return True
    taken_back = _ignoring_case(_TAKEN_BACK).match(text, at)
    if taken_back and _REFERENCE.match(text, after_prefixes(text, taken_back.end())):
        return True
    merged = _ignoring_case(_MERGED).match(text, at)
    return merged is not None and _has_reference_in_quotes(text, merged.start(1))


def _has_reference_in_quotes(text: str, at: int) -> bool:
    """Tell whether the quotation that begins at AT has a reference; its end may be missing."""
    end = text.rfind(_CLOSE[text[at]], at + 1)
    return _REFERENCE.search(text, at, end if end >= 0 else len(text)) is not None
