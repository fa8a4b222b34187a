"""The switches of the demo vendors' APIs: slow, failing, too many requests, garbage, and a lag of some seconds.

Only the APIs misbehave, never the vendors' pages, because real systems fail in this way and the demo stays usable.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from flask import Response


class Mode(StrEnum):
    """How an API answers."""

    WELL = "well"
    SLOW = "slow"
    FAILING = "failing"
    BUSY = "busy"
    GARBAGE = "garbage"


@dataclass(frozen=True)
class Switch:
    """The state of one API's switches."""

    mode: Mode = Mode.WELL
    slow_s: float = 3.0
    lag_s: float = 0.0


#: the largest number of seconds in a form
LONGEST_S = 60.0


class Switchboard:
    """The switches of each API, in a JSON file so that a restart changes nothing."""

    def __init__(self, file: Path, apis: tuple[str, ...]) -> None:
        self._file = file
        self._lock = threading.Lock()
        stored = json.loads(file.read_text()) if file.exists() else {}
        self._switches = {
            api: Switch(**{**stored[api], "mode": Mode(stored[api]["mode"])}) if api in stored else Switch()
            for api in apis
        }

    def all(self) -> dict[str, Switch]:
        """Every API's switches."""
        return dict(self._switches)

    def of(self, api: str) -> Switch:
        """The switches of one API."""
        return self._switches[api]

    def set(self, api: str, *, mode: Mode, slow_s: float, lag_s: float) -> None:
        """Change the switches of one API, from the next call on."""
        with self._lock:
            fresh = replace(self._switches[api], mode=mode, slow_s=within(slow_s), lag_s=within(lag_s))
            self._switches[api] = fresh
            text = json.dumps({name: asdict(switch) for name, switch in self._switches.items()}, indent=1)
            new_file = self._file.with_suffix(".new")
            new_file.write_text(text)
            new_file.replace(self._file)

    def interfere(self, api: str) -> Response | None:
        """The faulty answer of an API; `None` if it should answer well (perhaps after a pause)."""
        switch = self.of(api)
        if switch.mode is Mode.SLOW:
            time.sleep(switch.slow_s)
        if switch.mode is Mode.FAILING:
            return Response("Internal error 0x8007000E", 500)
        if switch.mode is Mode.BUSY:
            return Response('{"message":"Too many requests"}', 429, {"Retry-After": "5"}, mimetype="application/json")
        if switch.mode is Mode.GARBAGE:
            return Response("<html><p>Unter Wartung \ufffd</p", 200, mimetype="application/json")
        return None


def within(seconds: float) -> float:
    """Limit a number of seconds to a sensible range."""
    return min(max(seconds, 0.0), LONGEST_S)
