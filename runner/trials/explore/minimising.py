"""Makes the example of an entry small: takes away what its run did not need, as long as the entry stays the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from .entries import EntryKey
from .read_values import path_of
from .scene import NOTHING, Edit, Scene, ScenePath
from .scene_runs import SceneRun, SceneRunner
from .starting_scenes import starting_scenes

_ROUNDS: Final = 3
_MOST_STEPS: Final = 24  #: edits tried in one round

#: What must stay as it is: the key, and what people see.
Identity = tuple[EntryKey, Any]


class Minimiser:
    """Makes the examples of all entries small at once, so that few children run many scenes."""

    def __init__(self, runner: SceneRunner, identity_of: Callable[[SceneRun], Identity], deadline: float) -> None:
        self._runner = runner
        self._identity_of = identity_of
        self._deadline = deadline  #: after it examples stay as large as they are

    def minimised(self, runs: Sequence[SceneRun]) -> list[SceneRun]:
        """For each run one with the same identity and a smaller scene, or itself."""
        best = self._better(runs, [[_without_unused(run)] for run in runs])
        for _ in range(_ROUNDS):
            alone = self._tried(best, [_smaller_scenes(run) for run in best])
            together = self._better(best, [[_merged(run, good)] for run, good in zip(best, alone, strict=True)])
            smallest = [
                min([run, whole, *good], key=_size) for run, whole, good in zip(best, together, alone, strict=True)
            ]
            if smallest == best:
                break
            best = smallest
        return best

    def _better(self, runs: Sequence[SceneRun], scenes: Sequence[Sequence[Scene]]) -> list[SceneRun]:
        tried = self._tried(runs, scenes)
        return [good[0] if good else run for run, good in zip(runs, tried, strict=True)]

    def _tried(self, runs: Sequence[SceneRun], scenes: Sequence[Sequence[Scene]]) -> list[list[SceneRun]]:
        """For each run what came of its scenes, as far as it is the same entry."""
        results = iter(self._runner.run([scene for some in scenes for scene in some], self._deadline))
        tried = [[next(results) for _ in some] for some in scenes]
        return [
            [one for one in some if one is not None and self._identity_of(one) == self._identity_of(run)]
            for run, some in zip(runs, tried, strict=True)
        ]


def _without_unused(run: SceneRun) -> Scene:
    """The scene with the answers that its run used and no others."""
    used = {call.name for call in run.answered}
    return Scene(run.scene.input, {name: answer for name, answer in run.scene.answers.items() if name in used})


def _smaller_scenes(run: SceneRun) -> list[Scene]:
    return [run.scene.edited(edits) for edits, _ in zip(_steps(run), range(_MOST_STEPS), strict=False)]


def _merged(run: SceneRun, smaller: Sequence[SceneRun]) -> Scene:
    """The scene without all values that one of the smaller ones lacks, and with those that it has in their place."""
    scene = run.scene
    for one in smaller:
        for path, value in run.scene.leaves(("input",), ("answers",)):
            other = one.scene.at(path)
            if other is NOTHING or (not isinstance(value, dict | list) and other != value):
                scene = scene.edited([Edit(path, other)])
    return scene


def _steps(run: SceneRun) -> Iterator[list[Edit]]:
    """Edits that make a scene smaller or plainer, the largest steps first."""
    plain = starting_scenes(())[0].input
    read = {path_of(one, run) for one in run.trace.reads}
    unread = [path for path in _optional(run.scene) if path not in read]
    if unread:
        yield [Edit(path, NOTHING) for path in unread]
    for name in ("scans", "settings", "facts"):
        if run.scene.input.get(name):
            yield [Edit(("input", name), type(run.scene.input[name])())]
    for path, value in run.scene.leaves(("answers",)):
        if isinstance(value, list) and value:
            yield [Edit(path, [])]
            yield [Edit(path, value[:1])]
        elif path not in read and len(path) > 3 and isinstance(path[-1], str):
            yield [Edit(path, NOTHING)]
    for root in ("user", "session"):
        for name, value in plain[root].items():
            if run.scene.input[root].get(name) not in (None, value):
                yield [Edit(("input", root, name), value)]
    yield from ([Edit(path, NOTHING)] for path in unread)


def _optional(scene: Scene) -> list[ScenePath]:
    """What an input need not have."""
    found: list[ScenePath] = []
    for root in ("user", "session"):
        names = [name for name in scene.input[root] if name not in ("id", "attributes")]
        found += [("input", root, name) for name in names]
        found += [("input", root, "attributes", name) for name in scene.input[root].get("attributes") or {}]
    for root in ("settings", "facts"):
        found += [("input", root, name) for name in scene.input.get(root) or {}]
    return found


def _size(run: SceneRun) -> int:
    return len(str(run.example))
