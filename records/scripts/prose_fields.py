"""Checks of texts of several lines that people write about scripts: notes, comments, reasons."""

from __future__ import annotations

from typing import Any

from records import fields


def paragraphs(longest: int, *, empty: bool = True) -> fields.Check:
    """Make a check for a text of several lines of at most `longest` characters."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("must be a text")  # noqa: TRY004 - every check speaks ValueError
        text = value.replace("\r\n", "\n").strip()
        if not text and not empty:
            raise ValueError("is missing")
        if len(text) > longest:
            raise ValueError(f"must be at most {longest} characters; this has {len(text)}")
        fields.refuse_controls(text, allowed="\n\t")
        return text

    return check
