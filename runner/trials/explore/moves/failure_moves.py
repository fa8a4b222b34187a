"""Moves after a run that raised: other values for what it read last, which it probably could not use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from runner.trials.explore.read_values import path_of
from runner.trials.explore.scene import NOTHING
from runner.trials.explore.scene_runs import SceneRun
from sandbox import OutcomeKind

from .move import Move, move
from .values_for import values_for

_LAST_READS: Final = 3
_LAST_ERRORS: Final = ("KeyError", "AttributeError")  #: whose cause a missing key or a misuse tells better


def failure_moves(run: SceneRun, texts: Sequence[str]) -> Iterator[Move]:
    """Values of each kind, then the texts that the script itself writes."""
    error = run.trial.error
    if run.trial.outcome is not OutcomeKind.RAISED or error is None or error.type in _LAST_ERRORS:
        return
    paths = dict.fromkeys(path_of(read, run) for read in run.trace.reads if read.state not in ("missing", "iterated"))
    present = [path for path in paths if (path is not None and path[0] == "answers") or (path and "attributes" in path)]
    settings = [path for path in paths if path is not None and path[1] == "settings"]
    for path in reversed([*settings, *present][-_LAST_READS:]):
        old = run.scene.at(path)
        if old is NOTHING or isinstance(old, dict):
            continue
        for rank, value in enumerate([*values_for(path), *texts]):
            if value != old:
                yield move(0.8 + rank / 10, path, value)
