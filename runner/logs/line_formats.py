"""The two formats of log lines: text for people, and one JSON object a line.

Lines contain text from strangers (names, addresses, errors of libraries). In neither format can such text begin a line,
move the cursor of a terminal, or change the direction of its text:

1. Text: control characters are escaped; a line break becomes a backslash and an n.
2. Text: further lines of an event, such as a traceback, begin with `  | `, even after a line break that is part of an
   error's message.
3. JSON: each object is on one line, and everything but printable ASCII is escaped.
4. Both: the secrets of the settings are written as `…`.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

from . import line_ids

TEXT, JSON = "text", "json"

#: Prefix of each further line of an event; no first line begins with it.
CONTINUED = "  | "

#: Control characters (C0, DEL, C1), line and paragraph separators, marks that change the direction of text.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class LogFormatter(logging.Formatter):
    """What both formats share: the parts of an event, without the texts in `hidden`."""

    def __init__(self, hidden: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._hidden = hidden

    def message(self, record: logging.LogRecord) -> str:
        """Return the event's message."""
        return self._without_secrets(record.getMessage())

    def details(self, record: logging.LogRecord) -> str:
        """Return the traceback and the stack of an event; "" without any."""
        found = [self.formatException(record.exc_info)] if record.exc_info and record.exc_info[0] else []
        found += [self.formatStack(record.stack_info)] if record.stack_info else []
        return self._without_secrets("\n".join(found))

    def _without_secrets(self, text: str) -> str:
        for each in self._hidden:
            text = text.replace(each, "…")
        return text


class TextFormatter(LogFormatter):
    """Time, level, logger, ids and message on one line; a traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        """Format an event."""
        ids = "".join(f"{name}={value} " for name, value in line_ids.present().items())
        first = f"{self.formatTime(record)} {record.levelname} {record.name} {ids}{escaped(self.message(record))}"
        return "\n".join([first, *(CONTINUED + escaped(line) for line in self.details(record).splitlines())])


class JsonFormatter(LogFormatter):
    """One object: `time` (RFC 3339, UTC), `level`, `logger`, `message`, `request`, `run`, `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        """Format an event."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        line = {"time": at, "level": record.levelname, "logger": record.name, "message": self.message(record)}
        line |= line_ids.present()
        details = self.details(record)
        if details:
            line["exception"] = details
        return json.dumps(line).replace("\x7f", "\\u007f")


def escaped(text: str) -> str:
    """Return a text in which every character that could break a line or change its direction is escaped."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


FORMATTERS: dict[str, type[LogFormatter]] = {TEXT: TextFormatter, JSON: JsonFormatter}
