"""Finds secrets in texts, by their form.

Texts of known forms (keys of vendors, tokens, passwords in an address) are found anywhere, values of other forms beside a
name such as `password` or `api_key`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

#: Findings of one text, at most.
_MOST: Final = 20

#: What a secret of a known form is, and the form.
_KNOWN: Final = (
    ("a private key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----"),
    ("an author token", r"\bsst_[A-Za-z0-9_-]{40,}"),
    ("a key of AWS", r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a token of GitHub", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    ("a token of GitLab", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a token of Slack", r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    ("a key of Stripe", r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    ("a key of Google", r"\bAIza[A-Za-z0-9_-]{35}\b"),
    ("a signed token (JWT)", r"\beyJ[A-Za-z0-9_-]{8,200}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{10,}"),
    ("a password in an address", r"\bhttps?://[^\s/:@\"'?#]+:[^\s/@\"'{]{3,}@"),
    ("a credential", r"\b(?:[Bb]asic|[Bb]earer) (?=[A-Za-z+/_=.~-]{0,200}[0-9])[A-Za-z0-9+/_=.~-]{20,}"),
)
_FORMS: Final = re.compile("|".join(f"({form})" for _, form in _KNOWN))
#: A name that suggests a secret, and the text that is given to it: `api_key = "…"`, `"X-Api-Key": "…"`, `password="…"`.
#: In a text of JSON that stands within JSON, perhaps more than once, backslashes stand before the quotes.
_NAMED: Final = re.compile(
    r"(?i)(?:(?P<short>pass(?:word|wd|phrase)?|secret)|token|credential|(?:api|access|auth|private|client)[_-]?key)s?"
    r"(?P<quote>\\{0,8}[\"']?)\s{0,8}(?::|=)\s{0,8}(?P<open>\\{0,8}[\"'])(?P<value>[^\"'\s]{8,200})(?P=open)"
)
#: A value that stands for one: words, an address, a path, the place of a setting.
_HARMLESS: Final = re.compile(
    r"(?i)https?://|/|[{<\[]|.*(?:example|placeholder|redacted|changeme|your[_-]|xxxx|\.\.\.)"
)


@dataclass(frozen=True)
class PastedSecret:
    """What was found, and where; both count from 1."""

    kind: str
    line: int
    column: int


def find_secrets(text: str) -> list[PastedSecret]:
    """Return the secrets in a text, in their order, at most `_MOST`."""
    found = sorted({*_of_known_forms(text), *_beside_names(text)})[:_MOST]
    return [PastedSecret(kind, *_place(text, start)) for start, kind in found]


def secret_texts(text: str) -> list[str]:
    """Return the secrets themselves, for a tool that takes them out of a text; they must not be shown."""
    found = [match[0] for match in _FORMS.finditer(text)]
    return found + [match["value"] for match in _NAMED.finditer(text) if _is_secret(match)]


def _of_known_forms(text: str) -> Iterator[tuple[int, str]]:
    for match in _FORMS.finditer(text):
        yield match.start(), _KNOWN[(match.lastindex or 1) - 1][0]


def _beside_names(text: str) -> Iterator[tuple[int, str]]:
    for match in _NAMED.finditer(text):
        if _is_secret(match):
            yield match.start("value"), "a password, key or token"


def _is_secret(match: re.Match[str]) -> bool:
    value = match["value"]
    long_enough = len(value) >= (8 if match["short"] else 16)
    return long_enough and _looks_secret(value) and not _HARMLESS.match(value) and not _FORMS.search(value)


def _looks_secret(value: str) -> bool:
    """Say whether a text has at least one digit and one letter, as words and names of fields have not."""
    return any(one.isdigit() for one in value) and any(one.isalpha() for one in value)


def _place(text: str, start: int) -> tuple[int, int]:
    line_start = text.rfind("\n", 0, start) + 1
    return text.count("\n", 0, start) + 1, start - line_start + 1
