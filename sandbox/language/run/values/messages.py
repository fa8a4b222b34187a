"""The results of a script: `message(...)`, `hidden()`, and `with_query(...)` to build a link.

Only types are checked here, to give helpful errors; whether a text or a link may be shown is checked outside the jail.
"""

from __future__ import annotations

import datetime as dt
import urllib.parse
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from .keywords import keywords_of


class NotAMessage(TypeError):
    """`status` returned something other than `message(...)` or `hidden()`."""


class ScriptMessage:
    """The result of `message` or `hidden`; a script can only return it."""

    __slots__ = ("_value",)
    _value: Mapping[str, str | None] | None

    def __init__(self, value: Mapping[str, str | None] | None) -> None:
        object.__setattr__(self, "_value", value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a message is frozen")

    def __repr__(self) -> str:
        return "<hidden>" if self._value is None else "<message>"


@keywords_of("message")
def message(text: str, link: str | None = None, color: str | None = None) -> ScriptMessage:
    """The message to show: a text; with a link it becomes a button; the colour is written like "#006109"."""
    if type(text) is not str:
        raise TypeError(f"message(text): the text must be a string, not {_kind(text)}; write str(value) or an f-string")
    for name, value, example in (("link", link, "https://…"), ("color", color, "#006109")):
        if value is not None and type(value) is not str:
            raise TypeError(f'message(…, {name}): {name} must be a string like "{example}" or None, not {_kind(value)}')
    return ScriptMessage({"text": text, "link": link, "color": color})


def hidden() -> ScriptMessage:
    """Show no widget at all."""
    return ScriptMessage(None)


def answer_of(returned: object) -> dict[str, str | None] | None:
    """The result of `status` as plain data; `None` for `hidden()`. Raises NotAMessage."""
    if type(returned) is ScriptMessage:
        value = returned._value  # noqa: SLF001 -- the one reader
        return None if value is None else dict(value)
    if returned is None:
        hint = 'it ended without return; write return message("…") or return hidden()'
    elif returned is message or returned is hidden:
        hint = "a function was returned without being called; write message(…) or hidden()"
    elif type(returned) is str:
        hint = "it returned a string; write return message(text)"
    else:
        hint = f"it returned {_kind(returned)}; write return message(…) or return hidden()"
    raise NotAMessage(f"status() must return a message: {hint}")


def with_query(url: str, params: Mapping[str, Any] | None = None, /, **named: Any) -> str:
    """The address with encoded parameters added: after existing ones, before the fragment."""
    if type(url) is not str:
        raise TypeError(f"with_query(url, …): the url must be a string, not {_kind(url)}")
    pairs = [*query_pairs(params, "with_query"), *query_pairs(named, "with_query")]
    if not pairs:
        return url
    address, mark, fragment = url.partition("#")
    separator = _separator(address)
    query = urllib.parse.urlencode(pairs, quote_via=urllib.parse.quote, safe="")
    return f"{address}{separator}{query}{mark}{fragment}"


def _separator(address: str) -> str:
    if "?" not in address:
        return "?"
    return "" if address.endswith(("?", "&")) else "&"


def query_pairs(params: object, caller: str) -> list[tuple[str, str]]:
    """Parameters as pairs of text: a list repeats its name for each item, None is left out."""
    if params is None:
        return []
    if isinstance(params, Mapping):
        items: Iterable[Any] = params.items()
    elif isinstance(params, list | tuple):
        items = params
    else:
        raise TypeError(f'{caller}: params must be a dict like {{"uid": user.id}}, not {_kind(params)}')
    pairs: list[tuple[str, str]] = []
    for item in items:
        if not isinstance(item, list | tuple) or len(item) != 2:  # a pair
            raise TypeError(f"{caller}: params as a list must hold pairs of name and value")
        name, value = item
        parts = value if isinstance(value, list | tuple) else [value]
        pairs.extend((_text(name, caller), _text(part, caller)) for part in parts if part is not None)
    return pairs


def _text(value: object, caller: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    raise TypeError(f"{caller}: a parameter must be text, a number or a time, not {_kind(value)}")


def _kind(value: object) -> str:
    if value is None:
        return "None"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
