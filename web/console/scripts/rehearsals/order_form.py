"""The form that orders a rehearsal."""

from __future__ import annotations

from typing import Final

from runner.queues.job_arguments import MOMENTS, MOST_MINUTES, MOST_REHEARSED, OrderRefused, RehearsalArguments
from runner.trials.rehearsal.situations import USUAL_MINUTES
from web.forms.base_form import BaseForm
from web.forms.fields import CheckboxesField, WholeNumberField

#: Runs of a rehearsal unless somebody wants another number.
USUAL_RUNS: Final = 3000
#: The moments as people read them.
MOMENT_WORDS: Final = {"before": "before it begins", "during": "in its middle", "after": "after its end"}


class RehearsalForm(BaseForm):
    """At which moments of each session people look, and how many runs are made at most."""

    moments = CheckboxesField("When people look at a session", choices=tuple(MOMENT_WORDS.items()))
    minutes = WholeNumberField(
        "How long before and after",
        unit="minutes",
        description=f"1 to {MOST_MINUTES} minutes before it begins and after it ends.",
    )
    runs = WholeNumberField(
        "Runs at most",
        description=f"1 to {MOST_REHEARSED}. If there are more people, sessions and moments, runs are spread evenly over all.",
    )

    @classmethod
    def usual(cls) -> RehearsalForm:
        """Return the form as a page first shows it."""
        form = cls(formdata=None)
        form.moments.data = list(MOMENTS)
        form.minutes.data, form.runs.data = str(USUAL_MINUTES), str(USUAL_RUNS)
        return form


def order_of(form: RehearsalForm, sha256: str) -> RehearsalArguments | None:
    """Return the order that a form holds; None if it is refused, with each fault at its field."""
    moments = [moment for moment in MOMENTS if moment in form.moments.value]
    if not moments:
        form.complain("moments", "must be at least one")
    _require(form, "minutes", MOST_MINUTES)
    _require(form, "runs", MOST_REHEARSED)
    if form.complaints:
        return None
    try:
        return RehearsalArguments(sha256, moments, form.minutes.value, form.runs.value)
    except OrderRefused as refused:  # no form of ours can be refused any more
        form.form_errors.append(str(refused))
        return None


def _require(form: RehearsalForm, name: str, most: int) -> None:
    value = form[name].value
    if type(value) is not int or not 1 <= value <= most:
        form.complain(name, f"must be a whole number from 1 to {most}")
