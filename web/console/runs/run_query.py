"""The query of the list of runs: person, session, outcome and time, as support types what people say on the phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import request

from records import DbSession, Implementation, RunFilter, Version
from records.scripts import versions
from records.support import lookup
from runner.explanations.status_explanation import OUTCOMES
from web.forms.fields import DropdownField
from web.forms.filter_form import FilterField, FilterForm
from web.time_format import moment

#: Stands for every outcome except `returned`.
FAILED = "failed"
#: Digits of the number of a version that are read.
_DIGITS = 9


class ReferenceForm(FilterForm):
    """The reference of a run or an error, as a person read it out."""

    reference = FilterField("Reference that was read out", render_kw={"placeholder": "3f9ca71e"})


class WhyForm(FilterForm):
    """The person and the session whose message is in question."""

    user = FilterField("Person: name, badge ID or user ID")
    session = FilterField("Session: ID or title")
    at = FilterField("At", render_kw={"placeholder": "now, or 14:00, or 2h"})


class RunFilterForm(FilterForm):
    """The filter of the list of runs."""

    user = FilterField("Person", render_kw={"placeholder": "name, badge ID or user ID"})
    session = FilterField("Session", render_kw={"placeholder": "ID or title"})
    outcome = DropdownField("Outcome", choices=[("", "any"), *((each, each) for each in (FAILED, *OUTCOMES))])
    version = FilterField("Version", render_kw={"placeholder": "number", "inputmode": "numeric"})
    since = FilterField("Since")
    until = FilterField("Until")


@dataclass(frozen=True)
class RunQuery:
    """The query of the address. A wrong value is ignored, and its field says so."""

    form: RunFilterForm
    before: str  #: the run before which the page begins; "" for the newest page
    run_filter: RunFilter
    candidates: dict[str, tuple[tuple[str, str], ...]]  #: field to keys with names, if more than one matches

    @classmethod
    def of_request(cls, db: DbSession, implementation: Implementation) -> RunQuery:
        """Read it from the address."""
        form, before = RunFilterForm.of_request(), request.args.get("before", "")
        moments: dict[str, datetime | None] = {}
        keys, candidates = {}, {}
        for name, find in (("user", lookup.user_of_runs), ("session", lookup.session_of_runs)):
            text = form[name].value
            match = find(db, implementation, text) if text else lookup.LookupMatch()
            keys[name], candidates[name] = match.key or None, match.candidates
            if text and not match.key:
                form.complain(name, "matches more than one" if match.candidates else "is not known here")
        for name in ("since", "until"):
            text, moments[name] = form[name].value, None
            try:
                moments[name] = moment(text, implementation.time_zone, datetime.now(UTC)) if text else None
            except ValueError as error:
                form.complain(name, str(error))
        outcome, version = form.outcome.value, _version(db, implementation, form.version.value)
        if form.version.value and version is None:
            form.complain("version", "does not exist here")
        run_filter = RunFilter(
            user=keys["user"],
            session=keys["session"],
            outcome=outcome if outcome in OUTCOMES else None,
            version=version.sha256 if version else None,
            failed=True if outcome == FAILED else None,
            since=moments["since"],
            until=moments["until"],
            before=before or None,
        )
        return cls(form, before, run_filter, candidates)

    @property
    def matches_nothing(self) -> bool:
        """Whether the person, the session or the version is unknown or ambiguous, so that no run can match."""
        return bool(self.form.user.errors or self.form.session.errors or self.form.version.errors)

    @property
    def is_filtered(self) -> bool:
        """Whether the list has a filter at all."""
        return any(field.value for field in self.form)

    def address(self, **changes: Any) -> str:
        """Return the address of this list with some of it changed."""
        texts = {field.name: field.value for field in self.form} | {"before": self.before} | changes
        query = {name: text for name, text in texts.items() if text}
        return f"{request.path}?{urlencode(query)}" if query else request.path


def _version(db: DbSession, implementation: Implementation, text: str) -> Version | None:
    """Return the version whose number was typed; None if there is none."""
    is_number = text.isascii() and text.isdigit() and len(text) <= _DIGITS
    return versions.by_number(db, implementation, int(text)) if is_number else None
