"""Runs batches of programs in the real sandbox and tells what no script may cause from what is allowed.

A finding is: a child that died of a signal of a broken interpreter, an alarm, a forged frame, `SystemError`, a fault of the
sandbox, or a text that shows the address of a value. A refusal, an exception and a used-up limit are allowed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from sandbox import Answer, Call, CheckResult, Outcome, OutcomeKind, RunLimits, Sandbox
from sandbox.zygote.process import Launch
from tests.attacks.fuzz import batch

#: Much smaller than the product's, so that a program that never ends costs little.
LIMITS = RunLimits(wall_s=5.0, cpu_s=0.25, memory_bytes=24 << 20, calls=100_000, log_lines=100_000, log_chars=300)
MEMORY = "end of memory"  #: the child could not say that its memory had ended, or died of it
REPEATS = 3  #: a use of freed memory does not show each time
_HEX = re.compile(r"0x[0-9a-fA-F]{6,}")
_DECIMAL = re.compile(r"\b(?:9[3-9]|1[0-3][0-9]|140)[0-9]{12}\b")  #: where Linux puts programs and their memory


_FITS = "import sys; sys.exit(sys.version_info < (3, 11) or not hasattr(sys, 'gettotalrefcount'))"


@dataclass(frozen=True)
class Finding:
    """Something that no script may cause."""

    kind: str  #: "crash", "alarm", "forged frame", "system error", "our fault", "address", or `MEMORY`
    text: str


class Vendor:
    """The other end of `api.get` and `api.post`."""

    def call(self, call: Call, *, deadline: float, read_bytes_left: int) -> Answer:
        body = '{"list": [{"id": 1, "n": "a"}], "x": 1.5}'
        return Answer(200, {"content-type": "application/json"}, body, min(len(body), read_bytes_left))


class Build:
    """One interpreter with a sandbox on it. A context manager, as the sandbox is."""

    def __init__(self, launch: Launch, limits: RunLimits = LIMITS) -> None:
        self.executable = launch.executable
        self.limits = limits
        self._launch = launch
        self._box = Sandbox(launch=launch)
        self._other: Sandbox | None = None
        self.runs = 0

    def __enter__(self) -> Self:
        self._box.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._box.close()
        if self._other is not None:
            self._other.close()

    def check(self, source: str) -> CheckResult:
        """As the product checks a script."""
        return self._box.check(source)

    def run(self, code: bytes, first: int, last: int) -> Outcome:
        """Go through these programs of a batch."""
        self.runs += 1
        return self._box.run(code, batch.given(first, last), powers=Vendor(), limits=self.limits)

    def addresses(self, code: bytes, first: int, last: int, outcome: Outcome) -> Iterator[Finding]:
        """The texts that name a place in memory: such a number is another one in another zygote."""
        suspect = [line for line in texts(outcome) if numbers(line)]
        if not suspect:
            return
        if self._other is None:
            self._other = Sandbox(launch=self._launch).start()
        again = self._other.run(code, batch.given(first, last), powers=Vendor(), limits=self.limits)
        same = {number for line in texts(again) for number in numbers(line)}
        yield from (Finding("address", line) for line in suspect if set(numbers(line)) - same)


def builds() -> list[Launch]:
    """The interpreter of this process, and the debug build of CPython where there is one that is new enough."""
    debug = shutil.which("python3-dbg")
    fits = debug is not None and subprocess.run([debug, "-ISc", _FITS], check=False).returncode == 0
    return [Launch(), *([Launch(executable=debug)] if fits else [])]


def is_debug(executable: str) -> bool:
    """Whether this is another interpreter than that of this process."""
    return executable != sys.executable


def texts(outcome: Outcome) -> list[str]:
    """Every text that a script has a hand in."""
    error = [outcome.error.text] if outcome.error else []
    return [*outcome.log, *error, *(str(part) for part in (outcome.value or {}).values())]


def numbers(text: str) -> list[str]:
    """What could be an address."""
    return [*_HEX.findall(text), *_DECIMAL.findall(text)]


def verdict(outcome: Outcome, limits: RunLimits = LIMITS) -> Finding | None:
    """What is wrong with how a run ended, apart from its texts."""
    error = outcome.error
    name, text = (error.type, error.text) if error else ("", "")
    if name == "ForgedFrame":
        return Finding("forged frame", text)
    if outcome.alarm:
        return Finding("alarm", text)
    if (
        name in {"Ended", "SystemError"}
        and outcome.kind is not OutcomeKind.OUT_OF_MEMORY
        and _was_full(outcome, limits)
    ):
        return Finding(MEMORY, text)
    if outcome.kind is OutcomeKind.CRASHED and _used(outcome) >= limits.memory_bytes:
        return Finding(MEMORY, text)  # CPython does not everywhere look whether it was given memory
    if outcome.kind is OutcomeKind.CRASHED:
        return None if name == "Killed" else Finding("our fault" if name in {"Ended", "NotJailed"} else "crash", text)
    if outcome.kind is OutcomeKind.RAISED and name == "SystemError":
        return Finding("system error", text)
    return None


def _was_full(outcome: Outcome, limits: RunLimits) -> bool:
    return _used(outcome) > limits.memory_bytes // 2


def _used(outcome: Outcome) -> int:
    return outcome.usage.memory_bytes - outcome.usage.idle_bytes


def refused(checked: CheckResult) -> Finding | None:
    """What is wrong with a check that gave no code: a compiler must not be broken by a text either."""
    rules = {finding.rule: f"{finding.what} {finding.why}" for finding in checked.findings}
    if checked.alarm:
        return Finding("alarm", "in the check")
    bad = rules.get("check-crashed") or rules.get("check-failed")
    return Finding("crash", bad) if bad else None


def reached(outcome: Outcome, first: int) -> int:
    """The number of the program that was running last."""
    begun = [line[1:] for line in outcome.log if line.startswith(batch.STARTED) and line[1:].isdecimal()]
    return int(begun[-1]) if begun else first


def fails(build: Build, source: str, kind: str, number: int = 1) -> bool:
    """Whether a script of so many programs still has a finding of this kind; a use of freed memory does not show each time."""
    checked = build.check(source)
    if checked.code is None:
        bad = refused(checked)
        return bad is not None and bad.kind == kind
    for _ in range(REPEATS):
        outcome = build.run(checked.code, 0, number)
        bad = verdict(outcome, build.limits)
        if bad is not None and bad.kind == kind:
            return True
        if kind == "address" and any(build.addresses(checked.code, 0, number, outcome)):
            return True
    return False


@dataclass(frozen=True)
class Swept:
    """What came of a batch: the programs with something wrong, by their place in it, and those that were refused."""

    wrong: tuple[tuple[int, Finding], ...] = ()
    begun: tuple[int, ...] = ()  #: for each of `wrong`, the program with which its run began
    refused: tuple[int, ...] = ()


def sweep(build: Build, programs: Sequence[str]) -> Swept:
    """Run a batch from its first program to its last, going on behind each that ends the run."""
    source = batch.source(programs)
    checked = build.check(source)
    if checked.code is None:
        bad = refused(checked)
        if len(programs) == 1:
            return Swept(((0, bad),) if bad else (), (0,) if bad else (), refused=(0,))
        cuts = batch.cuts(source, checked.findings) or [len(programs) // 2]
        parts = [programs[start:end] for start, end in pairwise([0, *cuts, len(programs)])]
        return _joined([sweep(build, part) for part in parts], [0, *cuts])
    wrong: list[tuple[int, Finding]] = []
    begun: list[int] = []
    first = 0
    while first < len(programs):
        outcome = build.run(checked.code, first, len(programs))
        last = reached(outcome, first)
        wrong += [
            (_of_line(outcome, bad.text, first), bad) for bad in build.addresses(checked.code, first, last + 1, outcome)
        ]
        bad = verdict(outcome, build.limits)
        if bad is not None:
            wrong.append((last, bad))
        if outcome.kind is OutcomeKind.RETURNED:
            last = len(programs)
        begun += [first] * (len(wrong) - len(begun))
        first = last + 1
    return Swept(tuple(wrong), tuple(begun))


def _joined(parts: list[Swept], starts: list[int]) -> Swept:
    placed = list(zip(parts, starts, strict=True))
    return Swept(
        tuple((place + start, bad) for part, start in placed for place, bad in part.wrong),
        tuple(place + start for part, start in placed for place in part.begun),
        tuple(place + start for part, start in placed for place in part.refused),
    )


def _of_line(outcome: Outcome, text: str, first: int) -> int:
    """The program that said this line."""
    number = first
    for line in outcome.log:
        if line == text:
            break
        if line.startswith(batch.STARTED) and line[1:].isdecimal():
            number = int(line[1:])
    return number
