"""Loads and touches everything that a check or a run may need, before the lock-down.

Python imports some modules and opens some files only when a function is first used. In the jail that fails or kills the
child, so it must all happen here; a test runs a broad sample afterwards and looks for opened files and imports.
"""

from __future__ import annotations

import _strptime  # type: ignore[import-not-found]  # it has no stub; strptime uses it
import datetime as dt
import heapq
import importlib
import json
import locale
import os
import statistics
import sys
import textwrap
import time
import unicodedata
from decimal import Decimal
from types import ModuleType

from sandbox.language.check.compiler import compile_source

from .execution import execute
from .standard_library.encodings_offered import load_encodings
from .standard_library.time_zones import load_zones

#: Modules that the standard library imports inside functions.
LAZY_MODULES: tuple[ModuleType, ...] = (_strptime, heapq, locale, unicodedata)
if sys.version_info >= (3, 12):
    LAZY_MODULES += (importlib.import_module("_pylong"),)  # for arithmetic with huge numbers; it has no stub

_SAMPLE = """
import hashlib
import hmac
import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

PATTERN = re.compile(r"(\\d+) of (\\d+)")

def status(user, session, api):
    counts = {"n": 0}
    for number, part in enumerate(sorted(["b", "a"])):
        counts["n"] += number
    try:
        answer = api.get("warm", "/up", params={"n": 1}).json()
        if not answer["ok"]:
            raise ValueError("cold")
    except ApiError as error:
        api.log(error.kind)
    day = datetime.strptime("2026-01-02 10:00", "%Y-%m-%d %H:%M").replace(tzinfo=ZoneInfo("UTC"))
    text = (day + timedelta(days=1)).strftime("%a %d %b %Y %H:%M %Z")
    digest = hmac.new(b"key", text.encode(), hashlib.sha256).hexdigest()
    link = with_query("https://example.org/", back=api.return_url(), d=digest)
    return message("%s {} {n:.1f}".format(text, n=1) % counts["n"], link=link, color="#006109")
"""

_INPUT = {"user": {"id": "1"}, "session": {"id": "2"}, "settings": {}, "now": "2026-01-02T10:00:00+00:00"}


def warm() -> None:
    """Prepare this process for the jail. Sets the local time zone of the process to UTC.

    Takes some tens of milliseconds; a second call is harmless.
    """
    os.environ["TZ"] = "UTC0"
    time.tzset()
    load_zones()
    load_encodings()
    _touch_library()
    compiled = compile_source(_SAMPLE)
    assert compiled.code is not None, compiled.findings
    answer = {"status": 200, "headers": {}, "text": '{"ok": true}'}
    execute(compiled.code, _INPUT, lambda _what, _arguments: answer)
    compile_source("def status(:\n")


def _touch_library() -> None:
    dt.datetime.strptime("Fri 02 Jan 2026 10:00 PM +0000", "%a %d %b %Y %I:%M %p %z")
    dt.datetime.now().astimezone().strftime("%c %x %X %Z")
    statistics.quantiles([1, 2, 3])
    statistics.stdev([Decimal(1), Decimal(2)])
    textwrap.shorten("a b c", 20)
    unicodedata.name("a")
    f"{Decimal('1.5'):n} {1.5:n}"
    json.dumps({"a": [1]}, indent=1)
