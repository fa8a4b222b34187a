"""A message's colour as a small style sheet of its own: `/widget/tints/006109.css`.

Why a style sheet: the page's policy allows no inline style, with or without script, and a message may have any colour.
The colour is contrast-checked against white; for dark mode its partner is mixed with white until it can be read on
dark paper. The same pair serves a button, where the paper's colour is the label's.
"""

from __future__ import annotations

import re

COLOR = re.compile(r"[0-9a-f]{6}")

#: The lightest dark paper that an app may put behind the widget; the partner must be readable on it.
DARK_PAPER = "1e2126"

#: The least contrast of text (WCAG 2.2, 1.4.3).
CONTRAST = 4.5

#: How finely the colour is mixed with white, in steps to pure white.
STEPS = 64


def style_sheet(color: str) -> str:
    """Return the style sheet for a colour `rrggbb`, in lower case without `#`."""
    return (
        f":root{{--message:#{color}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{--message:#{dark_partner(color)}}}}}\n"
    )


def dark_partner(color: str) -> str:
    """Return the colour, mixed with as little white as makes it readable on dark paper."""
    for step in range(STEPS + 1):
        mixed = "".join(f"{round(c + (255 - c) * step / STEPS):02x}" for c in _bytes(color))
        if contrast(mixed, DARK_PAPER) >= CONTRAST:
            return mixed
    raise AssertionError("white is readable on dark paper")


def contrast(one: str, other: str) -> float:
    """Compute the contrast ratio of two colours (WCAG 2.2, definition), from 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _bytes(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    # The number is that of the definition in WCAG 2.2.
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004


def _bytes(color: str) -> bytes:
    return bytes.fromhex(color)
