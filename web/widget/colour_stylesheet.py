"""A message's colour as a small style sheet: `/widget/tints/006109.css`.

It is a style sheet because the page's policy allows no inline style, and a message may have any colour.
The colour has enough contrast on white; for dark mode it is mixed with white until it is readable on a dark background.
The same pair works for a button, whose label has the colour of the background.
"""

from __future__ import annotations

from records.colours import dark_mode_colour


def style_sheet(color: str) -> str:
    """Return the style sheet for a colour `#rrggbb` in lower case."""
    return f":root{{--message:{color}}}\n@media (prefers-color-scheme:dark){{:root{{--message:{dark_mode_colour(color)}}}}}\n"
