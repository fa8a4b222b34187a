"""The replay of a submission: in which earlier runs it would have shown something else, with filters, page by page, and as a file.

Who may not see runs sees no run and no person, and of the messages what `told_results` lets them know.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Response, request

from records import DbSession, Implementation, Run, Version
from records.scripts import run_names
from records.scripts.submissions import Submission
from records.spreadsheet_cells import guarded
from records.support import lookup
from records.trials import replayed_runs
from records.trials.replayed_runs import KINDS, ReplayedRun, ReplayFilter
from web.console.layout.page_frame import Link, signed_in
from web.console.scripts.views_base import address, blueprint, number_in, page, reading, submission_named
from web.forms.fields import DropdownField
from web.forms.filter_form import FilterField, FilterForm
from web.permissions import Permission, needs
from web.problem_details import HttpProblem

from .told_results import ToldResults
from .trial_results import CHANGES, NOT_COMPARABLE, TrialResults, shown

#: Rows of a page, and of a file: more than an order can replay.
ROWS, MOST_DOWNLOADED = 50, 10_000
#: The columns of a file; the first three are for those who may see runs.
PERSONAL = ("run", "user", "session")
COLUMNS = (*PERSONAL, "kind", "before", "before_link", "after", "after_link", "why")
FILES = {"json": "application/json", "csv": "text/csv"}
HEADINGS = {**dict(CHANGES), NOT_COMPARABLE: "Not comparable"}


class ReplayFilterForm(FilterForm):
    """Which rows are shown."""

    kind = DropdownField("What changes", choices=[("", "anything"), *((kind, HEADINGS[kind]) for kind in KINDS)])
    user = FilterField("Person", render_kw={"placeholder": "name, badge ID or user ID"})
    session = FilterField("Session", render_kw={"placeholder": "ID or title"})


@dataclass(frozen=True)
class ReplayRow:
    """One row as it is shown. `run` is None for who may not see runs."""

    kind: str
    run: Run | None
    before: Mapping[str, str] | None
    after: Mapping[str, str] | None
    why: str

    @property
    def heading(self) -> str:
        """What changes, in words."""
        return HEADINGS[self.kind]


@dataclass(frozen=True)
class ReplayQuery:
    """The query of the address. A person or session that is not known matches nothing, and its field says so."""

    form: ReplayFilterForm
    wanted: ReplayFilter | None

    @classmethod
    def of_request(cls, db: DbSession, found: Implementation) -> ReplayQuery:
        """Read it from the address. Without the permission to see runs nobody is looked up."""
        form, keys = ReplayFilterForm.of_request(), {}
        if not may_see_runs(found.slug):
            del form.user
        for name, find in (("user", lookup.user_of_runs), ("session", lookup.session_of_runs)):
            text = form[name].value if name in form else ""
            match = find(db, found, text) if text else lookup.LookupMatch()
            keys[name] = match.key or None
            if text and not match.key:
                form.complain(name, "matches more than one" if match.candidates else "is not known here")
        if form.complaints:
            return cls(form, None)
        kind = form.kind.value if form.kind.value in KINDS else None
        after = number_in(request.args.get("after", "")) or 0
        return cls(form, ReplayFilter(kind=kind, after=after, **keys))

    def address(self, path: str, after: int = 0) -> str:
        """Return the address of these rows at another path, or after another place."""
        texts = {field.name: field.value for field in self.form} | {"after": after or ""}
        query = {name: text for name, text in texts.items() if text}
        return f"{path}?{urlencode(query)}" if query else path

    def rows(self, db: DbSession, submission: Submission, limit: int) -> list[tuple[ReplayedRun, Run]]:
        """Return the rows."""
        return [] if self.wanted is None else replayed_runs.page(db, submission, self.wanted, limit=limit)


@blueprint.get("/submissions/<int:number>/replay")
@needs(Permission.SEE_SCRIPTS)
def replay(implementation: str, number: int) -> Response:
    """Show in which earlier runs a submission would have shown something else."""
    with reading(implementation) as (db, found):
        submission, version = submission_named(db, found, number)
        told = _told(db, found, submission, version)
        query = ReplayQuery.of_request(db, found)
        rows = query.rows(db, submission, ROWS + 1)
        kept = replayed_runs.counts(db, submission)
        last = rows[ROWS - 1][0].place if len(rows) > ROWS else 0
        return page(
            "replay.html",
            found,
            title="Replay",
            status=HTTPStatus.OK,
            above=(
                Link(f"Submission {number}", address("submission", implementation, number=number)),
                Link("Trial", address("trial", implementation, number=number)),
            ),
            submission=submission,
            version=version,
            query=query,
            results=TrialResults.of(submission),
            kept=kept,
            rows=[_shown(*each, told) for each in rows[:ROWS]],
            names=run_names.of_runs(db, found, [run for _, run in rows[:ROWS]]),
            older=query.address(request.path, last) if last else "",
            newest=query.address(request.path) if request.args.get("after") else "",
            downloads=[(kind, query.address(f"{request.path}.{kind}")) for kind in FILES],
        )


@blueprint.get("/submissions/<int:number>/replay.<kind>")
@needs(Permission.SEE_SCRIPTS)
def replay_file(implementation: str, number: int, kind: str) -> Response:
    """Give the rows that pass the filter as a file, JSON or CSV."""
    if kind not in FILES:
        raise HttpProblem(HTTPStatus.NOT_FOUND, "A replay is a file in JSON or CSV.")
    with reading(implementation) as (db, found):
        submission, version = submission_named(db, found, number)
        query = ReplayQuery.of_request(db, found)
        told = _told(db, found, submission, version)
        rows = [_values(_shown(*each, told)) for each in query.rows(db, submission, MOST_DOWNLOADED)]
    columns = COLUMNS if told is None else COLUMNS[len(PERSONAL) :]
    name = f"replay-{implementation}-{number}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response("".join(_text(rows, columns, kind)), headers=headers, mimetype=FILES[kind])


def may_see_runs(implementation: str) -> bool:
    """Say whether this person may see runs here."""
    return signed_in().may(Permission.SEE_RUNS, implementation)


def _told(db: DbSession, found: Implementation, submission: Submission, version: Version) -> ToldResults | None:
    """Return what this person is told; None if they may see runs, and so everything."""
    if may_see_runs(found.slug):
        return None
    return ToldResults.of(version.source, replayed_runs.results(db, submission))


def _shown(row: ReplayedRun, run: Run, told: ToldResults | None) -> ReplayRow:
    """Return a row as it is shown: with its run, or as it is told."""
    if told is None:
        before, after = (None if one is None else shown(one) for one in (row.before, row.after))
        return ReplayRow(row.kind, run, before, after, row.why)
    user = run.given.get("user") or {}
    before, after = (None if one is None else told.result(one, user) for one in (row.before, row.after))
    return ReplayRow(row.kind, None, before, after, row.why)


def _values(row: ReplayRow) -> dict[str, str]:
    whose = {} if row.run is None else {"run": row.run.id, "user": row.run.user, "session": row.run.session}
    told = {"kind": row.kind, "why": row.why}
    for name, result in (("before", row.before), ("after", row.after)):
        if result is not None:
            told |= {name: result["failed"] or result["text"], f"{name}_link": result["link"]}
    return whose | told


def _text(rows: list[dict[str, str]], columns: tuple[str, ...], kind: str) -> Iterator[str]:
    if kind == "json":
        yield json.dumps([{name: row.get(name, "") for name in columns} for row in rows], indent=1, ensure_ascii=False)
        return
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\r\n")
    sheet.writerow(columns)
    sheet.writerows([guarded(row.get(name, "")) for name in columns] for row in rows)
    yield text.getvalue()
