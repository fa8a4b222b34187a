"""How many of what, in words that are right for one as well as for many: "1 session", "12 sessions".

Whatever says a number with a noun, on a page or in a command, says it by these functions.
"""

from __future__ import annotations

#: Nouns that do not just take an "s".
_PLURALS = {
    "entry": "entries",
    "person": "people",
    "is": "are",
    "was": "were",
    "has": "have",
    "it": "them",
    "waits": "wait",
}


def counted(count: int, noun: str) -> str:
    """Return the number with its noun."""
    return f"{count} {form(count, noun)}"


def with_article(noun: str) -> str:
    """Return a noun with "a" or "an", by its first letter: a user type, an attribute."""
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"


def form(count: int, word: str) -> str:
    """Return a noun, verb or pronoun as it stands beside this number: one session is, two sessions are."""
    if count == 1:
        return word
    first, space, last = word.rpartition(" ")
    return f"{first}{space}{_PLURALS.get(last, last + 's')}"
