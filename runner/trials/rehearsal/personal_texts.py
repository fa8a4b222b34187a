"""Takes the person of a run out of a text that the run showed, so that one message to many people is counted as one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

#: People to whom a text must have been shown before it is told to others.
FEWEST_PEOPLE: Final = 3
#: Characters of a value that is looked for. Shorter ones stand in many words.
SHORTEST: Final = 2


def without_person(text: str, user: Mapping[str, Any]) -> str:
    """Return the text with `{first_name}` and the like for each value of this user that stands in it as a word."""
    for name, value in sorted(_values(user), key=lambda pair: -len(pair[1])):
        if value in text:
            text = re.sub(rf"(?<![\w{{]){re.escape(value)}(?!\w)", lambda _, name=name: f"{{{name}}}", text)  # type: ignore[misc]  # the default holds the name of this turn
    return text


def _values(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts and numbers in a JSON value, each with its name."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _values(one, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _values(one, name)
    elif isinstance(value, str | int | float) and not isinstance(value, bool) and len(str(value)) >= SHORTEST:
        yield name, str(value)
