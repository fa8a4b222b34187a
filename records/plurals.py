"""A number with its noun, in singular or plural: "1 session", "12 sessions". Pages and commands use these functions."""

from __future__ import annotations

#: Plurals that do not just add an "s".
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
    """Return a noun with "a" or "an", by its first letter: "a user type", "an attribute"."""
    return f"{'an' if noun[0] in 'aeio' else 'a'} {noun}"


def form(count: int, word: str) -> str:
    """Return the form of a noun, verb or pronoun for this number: "one session is", "two sessions are"."""
    if count == 1:
        return word
    first, space, last = word.rpartition(" ")
    return f"{first}{space}{_PLURALS.get(last, last + 's')}"
