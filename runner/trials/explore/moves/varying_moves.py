"""Small changes of everything that a run was given, one at a time: whether they change the text that it shows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Final

from runner.trials.explore.read_values import ReadValues, number_of, shifted
from runner.trials.explore.scene import NOTHING, Edit
from runner.trials.explore.scene_runs import SceneRun

from .move import own_text
from .values_for import link_for

_MOST: Final = 60


def varying_edits(run: SceneRun) -> Iterator[Edit]:
    """Edits of the values of the scene, those that the run read first."""
    values = ReadValues(run)
    read = [*values.read, ("input", "now")]
    others = [leaf.path for leaf in values.leaves if leaf.path not in read]
    for path in itertools.islice(dict.fromkeys((*read, *others)), _MOST):
        for changed in _changed(values.scene.at(path), own_text((*path, "varied"))):
            yield Edit(path, changed)
    for number, scan in enumerate(run.scene.input.get("scans") or []):
        later = shifted(scan["at"], 180 if number else -180)
        if later is not NOTHING:
            yield Edit(("input", "scans", number, "at"), later)


def link_edits(run: SceneRun) -> Iterator[Edit]:
    """Edits that put a link in the place of each value that the run read."""
    for path in itertools.islice(ReadValues(run).read, _MOST):
        yield Edit(path, link_for(path))


def _changed(value: object, text: str) -> list[Any]:
    """Values of the same kind: another text and one of the same length, a later moment, the next number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return []
    if not isinstance(value, str):
        return [value + 1]
    moment, number = shifted(value, 180), number_of(value)
    if moment is not NOTHING:
        return [moment]
    other = ("q" if value[:1] != "q" else "z") + value[1:]
    return [text, other] if number is None else [str(number + 1)]
