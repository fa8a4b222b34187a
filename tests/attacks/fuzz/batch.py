"""Puts many programs into one script: one check and one fork for all of them.

Which of its programs a run goes through is read from the settings, so that after an end by a limit or a crash the rest,
or one alone, can be run without another check. The log says which program is running.
"""

from __future__ import annotations

import re
import textwrap
from bisect import bisect_right
from collections.abc import Sequence

from sandbox import Finding, ScriptInput, Severity
from tests.attacks.fuzz.names import modules

PROGRAMS = 18  #: in one script; they mostly fit, and what does not is cut apart
_IMPORT = re.compile(r"^\s*import (\w+)", re.MULTILINE)
_PROGRAM = re.compile(r"def p\d+\(")
_WORD = re.compile(r"[A-Za-z_]\w*")
STARTED = "#"  #: in the log, before the number of the program that begins

#: By its name: a function or constant that programs use.
HELPERS = {
    "DEEP": "DEEP = 100000",
    "SIZES": "SIZES = (1, 7, 15, 16, 23, 31, 39, 47, 55, 63, 71, 79, 95)",
    "attempt": """
def attempt(call):
    try:
        return call()
    except Exception as error:
        return f"{error!r:.90}"
""",
    "grow": """
def grow(held, size):
    number = 1000
    while len(held) < size:
        held[number] = size
        number += 1
""",
    "half": """
def half(values):
    next(values, None)
    return values
""",
    "keyed": """
def keyed(made, value):
    try:
        return made(value)
    except TypeError:
        return [value]
""",
    "knot": """
def knot():
    held = {"n": 1}
    held["held"] = held
    held["all"] = [held, [held]]
    return held
""",
    "loop": """
def loop():
    values = [1]
    values.append(values)
    values.append((values, 2))
    return values
""",
    "refill": """
def refill(keep):
    for size in SIZES:
        keep.append([b"A" * size, b"A" * (size + 8), (keep,) * (size // 8), "A" * size, float(size)])
        keep.append([size * 1000003, [size] * (size // 8), {size: size}, (n for n in keep)])
""",
    "shrink": """
def shrink(held, size):
    for key in list(held)[size:]:
        del held[key]
""",
    "some": """
def some(values):
    found = []
    for value in values:
        found.append(value)
        if len(found) > 9:
            break
    return found
""",
}
_STATUS = """
def status(user, session, api):
    programs = [{names}]
    for number in range(api.settings["first"], api.settings["last"]):
        api.log("{started}" + str(number))
        try:
            api.log(str(programs[number](user, session, api)))
        except Exception as error:
            api.log(f"{{error!r}}")
    return message("done")
"""


def source(programs: Sequence[str]) -> str:
    """The script that holds these programs, with what they use of the helpers and modules."""
    bodies = [text.replace("def program(", f"def p{number}(", 1) for number, text in enumerate(programs)]
    status = _STATUS.format(names=", ".join(f"p{number}" for number in range(len(bodies))), started=STARTED)
    return "\n".join([*_before(bodies), *bodies, status])


def cuts(source: str, findings: Sequence[Finding]) -> list[int]:
    """Where to cut a refused script, so that each program with an error is alone; empty if no error is in a program."""
    starts = [number for number, line in enumerate(source.split("\n"), 1) if _PROGRAM.match(line)]
    errors = {bisect_right(starts, one.line) - 1 for one in findings if one.severity is Severity.ERROR} - {-1}
    return sorted({cut for place in errors for cut in (place, place + 1)} - {0, len(starts)})


def given(first: int, last: int) -> ScriptInput:
    """What a run is given: which programs to go through, and data to play with."""
    user = dict.fromkeys(("id", "username", "user_type", "first_name", "last_name", "badge_id"), "a")
    attributes = {"tags": ["x", "y"], "rows": [[1], {"a": 2}], "n": 3}
    times = {"starts_at": "2026-05-01T10:00:00+02:00", "ends_at": "2026-05-01T11:00:00+02:00"}
    return ScriptInput(
        user={**user, "attributes": attributes},
        session={
            "id": "s",
            "title": "T",
            "location": "",
            "parent_id": "p",
            "credits": "1.5",
            **times,
            "attributes": {},
        },
        settings={"first": first, "last": last},
        now="2026-05-01T10:30:00+00:00",
        return_url="https://example.org/r",
        scans=[{"at": "2026-05-01T10:05:00+00:00", "direction": "in"}],
    )


def alone(program: str) -> str:
    """One program as a script that anyone can read and run."""
    body = textwrap.dedent(program).replace("def program(", "def attack(", 1)
    return "\n".join([*_before([body]), body, _ALONE]).strip() + "\n"


def script(body: str) -> str:
    """The statements of a `status` as a script, with the imports and helpers that they name."""
    return "\n".join([*_before([body]), _HEAD, textwrap.indent(body, "    ")]).strip() + "\n"


_HEAD = "\ndef status(user, session, api):"
_ALONE = '\ndef status(user, session, api):\n    return message(f"{attack(user, session, api)!s:.200}")'


def _before(bodies: Sequence[str]) -> list[str]:
    """The imports and helpers that these functions need, those which helpers need included."""
    wanted = _words("\n".join(bodies))
    while True:
        chosen = [text for name, text in HELPERS.items() if name in wanted]
        more = wanted | _words("\n".join(chosen))
        if more == wanted:
            break
        wanted = more
    written = set(_IMPORT.findall("\n".join(bodies)))
    imports = [f"import {name}" for name in modules() if name.split(".")[0] in wanted - written]
    return [*imports, *(text.strip() + "\n" for text in chosen)]


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text))
