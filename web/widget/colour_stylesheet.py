"""A message's colour as a small style sheet: `/widget/tints/006109.css`.

It is a style sheet because the page's policy allows no inline style, and a message may have any colour.
The colour has enough contrast on white; for dark mode it is mixed with white until it is readable on a dark background.
The same pair works for a button, whose label has the colour of the background.
"""

from __future__ import annotations

from records.colours import LEAST_CONTRAST, contrast

#: The lightest dark background that an app may put behind the widget; the dark-mode colour must be readable on it.
DARK_BACKGROUND = "#1e2126"

#: Steps in which the colour is mixed with white.
STEPS = 64


def style_sheet(color: str) -> str:
    """Return the style sheet for a colour `#rrggbb` in lower case."""
    return f":root{{--message:{color}}}\n@media (prefers-color-scheme:dark){{:root{{--message:{dark_mode_colour(color)}}}}}\n"


def dark_mode_colour(color: str) -> str:
    """Return the colour, mixed with as little white as makes it readable on a dark background."""
    for step in range(STEPS + 1):
        mixed = "#" + "".join(f"{round(c + (255 - c) * step / STEPS):02x}" for c in bytes.fromhex(color[1:]))
        if contrast(mixed, DARK_BACKGROUND) >= LEAST_CONTRAST:
            return mixed
    raise AssertionError("white is readable on a dark background")
