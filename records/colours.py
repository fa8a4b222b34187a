"""Colours `#rrggbb`, and how well one can be read on another (WCAG 2.2).

The rule for default colours, the message contract and the widget's style sheet all use this module, so that a colour
that one of them accepts can be read where another draws it.
"""

from __future__ import annotations

import re
from typing import Final

#: How a colour is written, in lower case.
PATTERN: Final = r"#[0-9a-f]{6}"
WHITE: Final = "#ffffff"
#: The least contrast of text (WCAG 2.2, 1.4.3).
LEAST_CONTRAST: Final = 4.5

#: The lightest dark background that an app may put behind the widget; the dark-mode colour must be readable on it.
DARK_BACKGROUND: Final = "#1e2126"
#: Steps in which a colour is mixed with white.
_STEPS: Final = 64

_WRITTEN: Final = re.compile(PATTERN)
#: Up to this value, relative luminance is defined as linear.
_LINEAR_UP_TO: Final = 0.04045


def is_colour(text: str) -> bool:
    """Say whether a text is a colour in lower case."""
    return _WRITTEN.fullmatch(text) is not None


def contrast(one: str, other: str) -> float:
    """Compute the contrast ratio of two colours (WCAG 2.2, definition), from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def dark_mode_colour(color: str) -> str:
    """Return the colour, mixed with as little white as makes it readable on a dark background."""
    for step in range(_STEPS + 1):
        mixed = "#" + "".join(f"{round(c + (255 - c) * step / _STEPS):02x}" for c in bytes.fromhex(color[1:]))
        if contrast(mixed, DARK_BACKGROUND) >= LEAST_CONTRAST:
            return mixed
    raise AssertionError("white is readable on a dark background")


def _luminance(colour: str) -> float:
    """Compute the relative luminance (WCAG 2.2, definition)."""
    red, green, blue = (_linear(channel / 255) for channel in bytes.fromhex(colour.removeprefix("#")))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= _LINEAR_UP_TO else float(((channel + 0.055) / 1.055) ** 2.4)
