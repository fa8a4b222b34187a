"""Sets up the log of a process. Nothing else in this project configures logging.

All lines go to standard error, including those of granian and RQ, Python's warnings, and errors that end a thread.
"""

from __future__ import annotations

import logging
import threading
from urllib.parse import unquote, urlsplit

from runner.settings.operator_settings import Settings

from .line_formats import FORMATTERS

#: A password of at least this many characters is hidden everywhere. A shorter one may be part of any word, and is hidden
#: in its address only.
LEAST_HIDDEN = 8


def start_log(settings: Settings) -> None:
    """Start logging as the settings say; a second call changes nothing."""
    handler = logging.StreamHandler()
    handler.setFormatter(FORMATTERS[settings.log_format](hidden_texts(settings)))
    logging.basicConfig(level=settings.log_level, handlers=[handler])
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it logs each time the schema's version is read
    logging.captureWarnings(capture=True)
    threading.excepthook = _log_end_of_thread


def hidden_texts(settings: Settings) -> tuple[str, ...]:
    """Return the texts that no line may show: the keys, and the passwords in the addresses of store and database."""
    found = {key for key in settings.keys if key}
    for password in passwords(settings):
        found |= {f":{password}@"} | ({password} if len(password) >= LEAST_HIDDEN else set())
    return tuple(sorted(found, key=len, reverse=True))  # the longest first, because one may be part of another


def passwords(settings: Settings) -> set[str]:
    """Return the passwords in the addresses of store and database, as written there and decoded."""
    found = (urlsplit(each).password for each in (settings.redis_url, settings.database_url))
    return {each for password in found if password for each in (password, unquote(password))}


def _log_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is None or ended.exc_type is SystemExit:
        return
    name = ended.thread.name if ended.thread else "unknown"
    error = (ended.exc_type, ended.exc_value, ended.exc_traceback)
    logging.getLogger(__name__).critical("a thread ended by an error name=%s", name, exc_info=error)
