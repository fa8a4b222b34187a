"""Tells apart what runs end in: each message, each way to be hidden, and each way to fail in each line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from records.message_text import graphemes
from runner.runs.message_contract import Message
from runner.trials.trial import Trial
from sandbox import OutcomeKind

from .message_templates import TemplateMatch, TemplateReader, shown_template
from .scene_runs import SceneRun

#: What makes two runs one entry.
EntryKey = tuple[Any, ...]

_HIDDEN: EntryKey = ("hidden",)
#: Different fillings that are remembered of one template.
_MOST_FILLINGS = 200


@dataclass
class SeenEntry:
    """One entry while runs come in: how many there were, and the one with the shortest text."""

    key: EntryKey
    best: SceneRun
    count: int = 1
    #: For a message: what filled the holes of its template, with the best run and the count of each.
    fillings: dict[tuple[str, ...], tuple[SceneRun, int]] = field(default_factory=dict)


class Entries:
    """All entries of an exploration."""

    def __init__(self, templates: TemplateReader) -> None:
        self._templates = templates
        self._entries: dict[EntryKey, SeenEntry] = {}

    def add(self, run: SceneRun) -> bool:
        """Count a run; return whether it is of a new kind."""
        key, match = self.key_of(run)
        entry = self._entries.get(key)
        is_new = entry is None
        if entry is None:
            entry = self._entries[key] = SeenEntry(key, run)
        else:
            entry.count += 1
            entry.best = min(entry.best, run, key=text_length)
        if match is not None:
            before, count = entry.fillings.get(match.holes, (run, 0))
            is_choice = all(self._templates.is_choice(hole) for hole in match.holes)
            is_new |= count == 0 and bool(match.holes) and is_choice
            if count or len(entry.fillings) < _MOST_FILLINGS:
                entry.fillings[match.holes] = (min(before, run, key=text_length), count + 1)
        return is_new

    def key_of(self, run: SceneRun) -> tuple[EntryKey, TemplateMatch | None]:
        """The key of a run; for a message with its template."""
        trial = run.trial
        if trial.outcome is not OutcomeKind.RETURNED:
            return failure_key(trial, line_of(run)), None
        if trial.message is None:
            return _HIDDEN, None
        match = self._templates.match(trial.message.text, run.trace.message_line)
        shown = trial.message
        return ("message", match.template, shown.color, run.trace.message_line), match

    def counts(self) -> tuple[int, int]:
        """How many entries are failures, and how many are messages."""
        failures = sum(key[0] == "failure" for key in self._entries)
        return failures, len(self._entries) - failures

    def unvaried(self) -> list[SceneRun]:
        """A run of each message whose text has a part that was always the same so far, and that the script does not fix."""
        found = []
        for entry in self._entries.values():
            for column in zip(*entry.fillings, strict=True):
                if len(set(column)) == 1 and not self._templates.is_choice(column[0]):
                    found.append(entry.best)
                    break
        return found

    def without_their_link(self) -> list[SceneRun]:
        """A run of each message whose link no run could show."""
        runs = (entry.best for entry in self._entries.values())
        return [run for run in runs if run.sets_link and run.trial.message and run.trial.message.link is None]

    def listed(self) -> list[ListedEntry]:
        """The entries as they are listed, messages by template, each with a run that shows it."""
        found: dict[EntryKey, ListedEntry] = {}
        for entry in self._entries.values():
            for one in self._parts(entry):
                same = found.get(one.key)
                found[one.key] = one if same is None else same.joined(one)
        return [*found.values()]

    def _parts(self, entry: SeenEntry) -> list[ListedEntry]:
        if entry.key[0] != "message":
            return [ListedEntry(entry.key, None, entry.best, entry.count)]
        _, template, color, _ = entry.key
        shown = shown_template(template, entry.fillings, self._templates)
        uncounted = entry.count - sum(count for _, count in entry.fillings.values())
        linked = {shown[filling] for filling, (run, _) in entry.fillings.items() if has_link(run)}
        parts = []
        for filling, (run, count) in entry.fillings.items():
            text = shown[filling]
            key = ("message", text, color, text in linked)
            parts.append(ListedEntry(key, text, run, count + uncounted))
            uncounted = 0
        return parts


@dataclass(frozen=True)
class ListedEntry:
    """One entry of the list: a message with its template, `hidden()`, or a failure."""

    key: EntryKey
    template: str | None
    run: SceneRun
    count: int

    def joined(self, other: ListedEntry) -> ListedEntry:
        """The same entry from another part of the script."""
        run = min(self.run, other.run, key=text_length)
        return ListedEntry(self.key, self.template, run, self.count + other.count)


def has_link(run: SceneRun) -> bool:
    """Whether the message of a run is a button."""
    return run.trial.message is not None and run.trial.message.link is not None


def failure_key(trial: Trial, line: int | None) -> EntryKey:
    """The key of a run that did not return: the type of what was raised, or else the outcome, the line, and whether a budget ended it."""
    is_budget = trial.error is not None and trial.error.type == "BudgetUsedUp"
    return ("failure", failure_type(trial), line, is_budget)


def failure_type(trial: Trial) -> str:
    """What a run ended with: an exception's type, or the outcome of a used-up budget or of a call."""
    if trial.outcome is OutcomeKind.RAISED and trial.error is not None:
        return trial.error.type
    return trial.outcome.value


def line_of(run: SceneRun) -> int | None:
    """The line in which a run failed; for a text that the contract refuses, where the message was made."""
    error = run.trial.error
    return (error.line if error else None) or run.trace.message_line


def text_length(run: SceneRun) -> tuple[bool, int]:
    """The order in which runs are examples: those with a link first, then by the length of what is shown."""
    trial = run.trial
    if trial.message is not None:
        return trial.message.link is None, len(trial.message.text)
    return False, len(trial.error.text) if trial.error else 0


def message_json(message: Message | None) -> dict[str, Any]:
    """A message, or `hidden()`, as it is listed."""
    if message is None:
        return {"text": None, "link": None, "color": None, "hidden": True, "graphemes": 0}
    return {**vars(message), "hidden": False, "graphemes": graphemes(message.text)}
