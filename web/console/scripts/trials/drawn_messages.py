"""Messages as the phone shows them: the text in its colour, or a filled button, in light and dark.

A page allows no inline style, so a style sheet with one class for each colour of the page comes with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from records import Implementation
from records.colours import is_colour
from records.message_text import ADVISED_GRAPHEMES, graphemes
from web.console.scripts.views_base import address

from .message_colours import MOST


@dataclass(frozen=True)
class DrawnMessage:
    """A message, with the host to which its button leads; "" for no button. `text` None: the app shows nothing."""

    text: str | None
    host: str = ""
    tint: str = ""  #: `rrggbb`

    @classmethod
    def of(cls, message: Mapping[str, Any] | None, owner: Implementation) -> DrawnMessage:
        """Return a message with `text`, `link` and `color`, in the colours of an implementation; what is no text is left out."""
        if message is None:
            return cls(None)
        color = str(message.get("color") or "").lower()
        color = color if is_colour(color) else owner.default_color
        return cls(str(message.get("text") or ""), host_of(message.get("link")), color.removeprefix("#"))

    @property
    def is_long(self) -> bool:
        """Whether it is longer than phones show on one line."""
        return self.text is not None and graphemes(self.text) > ADVISED_GRAPHEMES


def colours_address(messages: Iterable[DrawnMessage | None], owner: Implementation) -> str:
    """Return the address of the style sheet for these messages; "" if none has a colour. It has at most `MOST` colours."""
    tints = sorted({one.tint for one in messages if one is not None and one.tint})[:MOST]
    return address("message_colours", owner.slug, colors="-".join(tints)) if tints else ""


def host_of(link: Any) -> str:
    """Return the host of a link; "" for what is none."""
    if not isinstance(link, str):
        return ""
    try:
        return urlsplit(link).hostname or ""
    except ValueError:
        return ""
