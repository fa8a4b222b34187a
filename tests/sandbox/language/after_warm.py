"""A child process: warms the language up, then reports every file opened and module imported by the scripts on stdin.

It imports nothing but the language, so that no module of a test tool is loaded by chance.
"""

from __future__ import annotations

import json
import sys

from sandbox.language import compile_source, execute, warm
from sandbox.language.check.parsing import UNOPENABLE

SCRIPT_INPUT = {
    "user": {"first_name": "Ann", "attributes": {"tags": ["a"], "address": {}, "email": "x"}},
    "session": {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2026-01-01T00:00:00Z", "credits": 1},
    "settings": {"rooms": ["A"]},
    "now": "2026-01-01T00:00:00Z",
}


class Watch:
    """Notes audit events between `begin` and `end`."""

    watched = frozenset({"open", "import", "os.listdir", "os.scandir", "subprocess.Popen", "socket.__new__"})

    def __init__(self) -> None:
        self.events: set[str] = set()
        self.on = False

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        # Python asks to open the name of a faulty script; it cannot be turned into a path, so no call follows
        if self.on and event in self.watched and not (event == "open" and arguments[0] == UNOPENABLE):
            self.events.add(f"{event} {arguments[:1]!r}")


def run(source: str) -> bool:
    """Whether a script passed the check; if so it was run."""
    code = compile_source(source).code
    if code is None:
        return False
    try:
        execute(code, SCRIPT_INPUT, lambda what, arguments: {"status": 200, "headers": {}, "text": "{}"})
    except Exception as error:  # noqa: BLE001 -- what a script raises is its own business here
        str(error)
    return True


def main() -> None:
    scripts = json.load(sys.stdin)
    watch = Watch()
    sys.addaudithook(watch)
    if "cold" not in sys.argv:
        warm()
    watch.on = True
    ran = sum([run(source) for source in scripts])
    watch.on = False
    json.dump({"ran": ran, "events": sorted(watch.events)}, sys.stdout)


main()
