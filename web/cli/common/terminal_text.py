"""Texts of strangers on a terminal: nothing in them may steer it."""

from __future__ import annotations


def plain(text: str) -> str:
    """Make a text of a script, a vendor or a file name safe for a terminal: control characters are escaped."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def plain_lines(text: str) -> str:
    """The same for a text of several lines."""
    return "\n".join(map(plain, text.split("\n")))
