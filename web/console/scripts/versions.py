"""The versions of an implementation's script: the list with what is active, one version, and the comparison of two."""

from __future__ import annotations

from flask import Response, request

from records import DbSession, Implementation
from records.people import actors
from records.scripts import deployments, submissions, versions
from records.scripts.versions import Version
from records.trials import rehearsals
from web.console.layout.page_frame import Link
from web.console.scripts.deploying.deployment_acts import OF_A_VERSION, OF_WHAT_IS_LIVE, acts_offered
from web.console.scripts.deploying.deployment_effects import DeploymentScene
from web.console.scripts.source.source_diff import compare
from web.console.scripts.source.source_lines import DeceptivePlaces, SourceLines
from web.console.scripts.version_states import state_of, states_of, touched_by
from web.console.scripts.views_base import address, blueprint, number_in, page, reading, version_named
from web.forms.fields import DropdownField
from web.forms.filter_form import FilterForm
from web.permissions import Permission, needs

#: Rows of each table of the list.
ROWS = 30


class CompareForm(FilterForm):
    """The two versions that are compared."""

    old = DropdownField("Compare version")
    new = DropdownField("with version")


@blueprint.get("")
@needs(Permission.SEE_SCRIPTS)
def every(implementation: str) -> Response:
    """Show what is active and staged, and list versions, submissions and deployments, the newest first.

    `before` is the number of the version before which the list begins.
    """
    before = number_in(request.args.get("before", ""))
    with reading(implementation) as (db, found):
        live = deployments.live(db, found)
        known = versions.versions(db, found)
        rows = [one for one in known if before is None or one.number < before]
        handed_in = submissions.every(db, found, limit=ROWS)
        history = deployments.history(db, found, limit=ROWS)
        return page(
            "list.html",
            found,
            title="Scripts",
            live=live,
            acts=acts_offered(DeploymentScene.of(db, found, None), OF_WHAT_IS_LIVE),
            before_active=deployments.active_before(db, found),
            touched={one.id: touched_by(db, found, live, one) for one, _ in filter(None, (live.active, live.staged))},
            versions=rows[:ROWS],
            older=rows[ROWS - 1].number if len(rows) > ROWS else 0,
            before=before,
            states=states_of(db, live, rows[:ROWS]),
            submissions=handed_in,
            deployments=history,
            names=actors.by_keys(db, _keys(found, rows[:ROWS], handed_in, history)),
        )


@blueprint.get("/versions/<int:number>")
@needs(Permission.SEE_SCRIPTS)
def one(implementation: str, number: int) -> Response:
    """Show one version: its text, what its check found, who stored it, its submissions and deployments."""
    with reading(implementation) as (db, found):
        version = version_named(db, found, number)
        live = deployments.live(db, found)
        active = live.active[1] if live.active else None
        handed_in = [each for each in submissions.every(db, found, limit=1000) if each[1].id == version.id]
        history = [each for each in deployments.history(db, found, limit=1000) if each[1].id == version.id]
        return page(
            "version.html",
            found,
            title=f"Version {number}",
            version=version,
            state=state_of(db, live, version),
            live=live,
            acts=acts_offered(DeploymentScene.of(db, found, version), OF_A_VERSION),
            compared=active if active and active.id != version.id else None,
            missing=versions.settings_missing(found, version),
            rehearsed=rehearsals.count_of_version(db, version),
            submissions=handed_in,
            deployments=history,
            names=actors.by_keys(db, _keys(found, [version], handed_in, history)),
            text=SourceLines.of(version.source),
            deceptive=DeceptivePlaces.of(version.source),
        )


@blueprint.get("/compare")
@needs(Permission.SEE_SCRIPTS)
def compared(implementation: str) -> Response:
    """Compare two versions; without a choice, the active or the second newest one with the newest."""
    form = CompareForm.of_request()
    with reading(implementation) as (db, found):
        known = versions.versions(db, found)
        choices = [(str(version.number), f"{version.number}") for version in known]
        form.old.choices = form.new.choices = choices
        new = _chosen(form.new.value, known) or (known[0] if known else None)
        old = _chosen(form.old.value, known) or _usual(db, found, known, new)
        form.old.data, form.new.data = (str(each.number) if each else "" for each in (old, new))
        return page(
            "compare.html",
            found,
            title="Compare versions",
            form=form,
            old=old,
            new=new,
            above=(Link(f"Version {new.number}", address("one", found.slug, number=new.number)),) if new else (),
            diff=compare(old.source, new.source) if old and new else None,
            deceptive=DeceptivePlaces.of(new.source) if new else None,
        )


def _chosen(text: str, known: list[Version]) -> Version | None:
    return next((version for version in known if str(version.number) == text), None)


def _usual(db: DbSession, found: Implementation, known: list[Version], new: Version | None) -> Version | None:
    """Return what a version is compared with unless somebody chooses: the active one, or the one before it."""
    active = deployments.active_version(db, found)
    if new is None or (active is not None and active.id != new.id):
        return active
    return next((version for version in known if version.number < new.number), new)


def _keys(
    found: Implementation,
    rows: list[Version],
    handed_in: list[tuple[submissions.Submission, Version]],
    history: list[tuple[deployments.Deployment, Version]],
) -> set[str]:
    """Return the keys of everyone who is named on a page."""
    keys = {version.created_by for version in rows} | {found.stopped_by}
    keys |= {key for submission, _ in handed_in for key in (submission.submitted_by, submission.author)}
    return keys | {key for deployment, _ in history for key in (deployment.started_by, deployment.ended_by)}
