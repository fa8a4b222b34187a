"""A fuzzing campaign: batch after batch on each build in turn, until its time or its programs are used up.

Batches are numbered, and each build has its own share of the numbers, so what is run depends on the seed alone, and
only how far it gets on the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.attacks.fuzz.batch import PROGRAMS, source
from tests.attacks.fuzz.names import Target, targets
from tests.attacks.fuzz.running import MEMORY, Build, Finding, fails, sweep
from tests.attacks.fuzz.scenarios import program
from tests.attacks.fuzz.shrink import is_deep_only, shrink, signature

DEEP = "deep nesting"  #: the stack of C code is used up: the child ends, and nothing that was freed is used
BEHIND = "only behind the programs before it in its batch"
LARGE = "not made small: there were too many"
SHRUNK = 60  #: findings that are made small; more are only counted


class Found(NamedTuple):
    """A finding, where and when it was first met, and the smallest program that shows it."""

    finding: Finding
    signature: str
    executable: str
    seed: str
    after_s: float
    after_programs: int
    program: str
    known: str = ""  #: the class of finding that is understood and harmless, if it is of one


@dataclass
class Tally:
    """What a campaign has done and found."""

    programs: int = 0
    refused: int = 0
    used_s: dict[str, float] = field(default_factory=dict)
    found: dict[str, Found] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def unknown(self) -> list[Found]:
        """The findings that are not of an understood class."""
        return [one for one in self.found.values() if not one.known]


class Campaign:
    """One campaign; `tell` hears of each new finding."""

    def __init__(self, seed: int, builds: list[Build], tell: Callable[[Found], None]) -> None:
        self.tally = Tally(used_s={build.executable: 0.0 for build in builds})
        self._seed = seed
        self._builds = builds
        self._tell = tell
        self._targets: tuple[Target, ...] = targets()
        self._started = time.monotonic()
        self._shrunk = 0

    def run(self, *, seconds: float = float("inf"), programs: float = float("inf"), first: int = 0) -> Tally:
        """Go on until the time or the number of programs is used up; `first` is the batch to begin with."""
        batches = {build.executable: iter(self._shares(place, first)) for place, build in enumerate(self._builds)}
        while time.monotonic() - self._started < seconds and self.tally.programs < programs:
            build = min(self._builds, key=lambda one: self.tally.used_s[one.executable])
            begun = time.monotonic()
            self._batch(build, next(batches[build.executable]))
            self.tally.used_s[build.executable] += time.monotonic() - begun
        return self.tally

    def _shares(self, place: int, first: int) -> Iterator[Iterable[str]]:
        """The seeds of every batch of one build."""
        number = first * len(self._builds) + place
        while True:
            yield [f"{self._seed}:{number * PROGRAMS + index}" for index in range(PROGRAMS)]
            number += len(self._builds)

    def _batch(self, build: Build, seeds: Iterable[str]) -> None:
        seeds = list(seeds)
        texts = [program(seed, self._targets)[0] for seed in seeds]
        swept = sweep(build, texts)
        self.tally.programs += len(texts)
        self.tally.refused += len(swept.refused)
        for (place, finding), begun in zip(swept.wrong, swept.begun, strict=True):
            self._note(build, seeds[place], texts[begun : place + 1], finding)

    def _note(self, build: Build, seed: str, texts: list[str], finding: Finding) -> None:
        """`texts` are the programs of its run up to the one that was running."""
        text = texts[-1]
        known, smallest, name = "", text, ""
        if finding.kind == MEMORY:
            name = known = MEMORY
        elif finding.kind != "address":
            alone = fails(build, source([text]), finding.kind)
            if is_deep_only(build, [text] if alone else texts, finding.kind):
                name = known = DEEP
            elif not alone:
                name, smallest = f"{finding.kind} {BEHIND}", f"# {BEHIND}\n{text}"
            elif self._shrunk < SHRUNK:
                self._shrunk += 1
                smallest = shrink(build, text, finding.kind)
            else:
                name = f"{finding.kind} {LARGE}"
        name = name or signature(finding, smallest)
        self.tally.counts[name] = self.tally.counts.get(name, 0) + 1
        if name in self.tally.found:
            return
        after = time.monotonic() - self._started
        found = Found(finding, name, build.executable, seed, after, self.tally.programs, smallest, known)
        self.tally.found[name] = found
        self._tell(found)
