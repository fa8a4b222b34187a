"""The fields of the test pane, and how what was typed into them is read."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from records import fields
from records.storage.json_depth import MOST_LEVELS, is_deep
from runner.powers import AnswersError, parse_answers
from runner.trials.trial_input import InputError, TrialInput, about_unknown, parse_input
from web.forms.base_form import BaseForm
from web.forms.fields import DropdownField, LineField, TextBlockField

#: Characters of each of the two texts.
LONGEST: Final = 256 * 1024
#: Digits of a whole number.
MOST_DIGITS: Final = 300
#: What the buttons of the pane do.
FILL, RUN, KEEP = "fill", "run", "keep"


class PaneForm(BaseForm):
    """Whose input is used, or which scenario; the input and the answers as JSON."""

    case_person = LineField("Person", description="Name, badge ID or user ID. Leave it empty for a made-up person.")
    case_session = LineField("Session", description="ID or title. Leave it empty for the next one of the agenda.")
    case_scenario = DropdownField("Scenario", description="Its input and answers take the place of those below.")
    case_input = TextBlockField("Input", description="JSON: the user, the session, and the time.")
    case_answers = TextBlockField(
        "Answers of vendors", description="JSON: a list of recorded answers. The first that fits a call answers it."
    )

    def offer(self, scenarios: Iterable[dict[str, Any]], *, people: bool) -> None:
        """Offer these scenarios; without `people`, real people are not offered."""
        names = [str(one["name"]) for one in scenarios]
        if names:
            self.case_scenario.choices = [("", "none"), *((name, name) for name in names)]
        else:
            del self.case_scenario
        if not people:
            del self.case_person


@dataclass(frozen=True)
class PaneCase:
    """What is run: INPUT, ANSWERS, and what of INPUT is not known."""

    data: dict[str, Any]
    trial_input: TrialInput
    answers: list[Any]
    notes: tuple[str, ...]


def case_of(form: PaneForm) -> PaneCase | None:
    """Return what the form holds; None if it is refused, with each fault at its field."""
    data, answers = _json(form, "case_input"), _json(form, "case_answers", empty=[])
    trial_input = None
    try:
        trial_input = parse_input(data) if data is not _BAD else None
    except InputError as fault:
        form.complain("case_input", f"cannot be used: {_quoted(fault)}")
    try:
        if answers is not _BAD:
            parse_answers(answers)
    except AnswersError as fault:
        form.complain("case_answers", f"cannot be used: {_quoted(fault)}")
    if form.complaints or trial_input is None:
        return None
    return PaneCase(
        data, trial_input, answers, tuple(f"Not known: {about_unknown(name)}" for name in trial_input.unknown)
    )


_BAD: Final = object()


def _json(form: PaneForm, name: str, empty: Any = None) -> Any:
    """Read one text; `_BAD` if it is no JSON, with the fault at its field."""
    text = form[name].value
    if not text and empty is not None:
        return empty
    if len(text) > LONGEST:
        form.complain(name, f"must be at most {LONGEST} characters")
        return _BAD
    try:
        value = json.loads(text, parse_constant=_number, parse_float=_number, parse_int=_whole)
    except json.JSONDecodeError as error:
        form.complain(name, f"must be JSON: line {error.lineno}, column {error.colno}: {error.msg}")
        return _BAD
    except _NumberRefusedError as refused:
        form.complain(name, f"must be JSON: {refused}")
        return _BAD
    except RecursionError:
        form.complain(name, "must be JSON: it is nested too deeply")
        return _BAD
    if is_deep(value):
        form.complain(name, f"must not be nested deeper than {MOST_LEVELS} levels")
        return _BAD
    return fields.storable(value)


class _NumberRefusedError(Exception):
    """A number that JSON does not have, or that is too large; the text says which."""


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _NumberRefusedError(f"{text[:20]} is not a number that JSON has")
    return number


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise _NumberRefusedError(f"a number has more than {MOST_DIGITS} digits")
    return int(text)


def _quoted(fault: Exception) -> str:
    """Return a fault in quotes, so that the names of fields in it stay as the author wrote them."""
    return f"“{str(fault).replace('“', '').replace('”', '')}”"
