"""A message's colour as a small style sheet of its own: `/widget/tints/006109.css`.

Why a style sheet: the page's policy allows no inline style, with or without script, and a message may have any colour.
The colour is contrast-checked against white; for dark mode its partner is mixed with white until it can be read on
dark paper. The same pair serves a button, where the paper's colour is the label's.
"""

from __future__ import annotations

from records.colours import LEAST_CONTRAST, contrast

#: The lightest dark paper that an app may put behind the widget; the partner must be readable on it.
DARK_PAPER = "#1e2126"

#: How finely the colour is mixed with white, in steps to pure white.
STEPS = 64


def style_sheet(color: str) -> str:
    """Return the style sheet for a colour `#rrggbb` in lower case."""
    return (
        f":root{{--message:{color}}}\n@media (prefers-color-scheme:dark){{:root{{--message:{dark_partner(color)}}}}}\n"
    )


def dark_partner(color: str) -> str:
    """Return the colour, mixed with as little white as makes it readable on dark paper."""
    for step in range(STEPS + 1):
        mixed = "#" + "".join(f"{round(c + (255 - c) * step / STEPS):02x}" for c in bytes.fromhex(color[1:]))
        if contrast(mixed, DARK_PAPER) >= LEAST_CONTRAST:
            return mixed
    raise AssertionError("white is readable on dark paper")
