"""Staging, activating and taking back versions: a page asks once and says whom it touches, then makes the change."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, flash

from records import DbSession, Implementation, RuleViolation, Version
from records.changes.scripts.deployments import LONGEST_REASON
from records.changes.scripts.readiness import NeedsLacking, Without
from records.changes.scripts.seen_versions import SeenVersions, refuse_overtaken
from web.console.commits import by_page, commit_to
from web.console.scripts.deploying.deployment_acts import OF_A_VERSION, OF_WHAT_IS_LIVE, DeploymentAct, SentValues
from web.console.scripts.deploying.deployment_effects import DeploymentScene
from web.console.scripts.views_base import UNCHANGED, address, blueprint, page, reading, version_named
from web.forms.base_form import BaseForm
from web.forms.fields import HiddenNumberField, LineField, WholeNumberField, YesNoField
from web.permissions import Permission, needs
from web.problem_details import HttpProblem
from web.redirects import see_other

NO_ACT = "There is no such page."
NONE_STAGED = "No version is staged."
LEFT_UNSAID = RuleViolation("anyway", "must be ticked, or add what is lacking first")


class DeploymentForm(BaseForm):
    """Why something is done. `active` and `staged` are the numbers of the versions that the page shows, 0 for none."""

    reason = LineField("Reason", description="The audit entry keeps it.", longest=LONGEST_REASON)
    anyway = YesNoField("Show it to users anyway", description="The audit entry says what was lacking.")
    active = HiddenNumberField()
    staged = HiddenNumberField()


class ShareForm(DeploymentForm):
    """The same with the share of the users."""

    share = WholeNumberField(
        "Share of the users", unit="%", description="From 1 to 90; the others are compared with it."
    )


@blueprint.get("/versions/<int:number>/<act>")
@needs(Permission.DEPLOY_SCRIPTS, fresh=True)
def ask_about_version(implementation: str, number: int, act: str) -> Response:
    """Ask once before something is done with a version, and say whom it touches."""
    chosen = _act(OF_A_VERSION, act)
    with reading(implementation) as (db, found):
        return _ask(db, found, chosen, version_named(db, found, number))


@blueprint.post("/versions/<int:number>/<act>")
@needs(Permission.DEPLOY_SCRIPTS, fresh=True)
def do_with_version(implementation: str, number: int, act: str) -> Response:
    """Do it. It takes effect with the next request."""
    return _do(implementation, _act(OF_A_VERSION, act), number)


@blueprint.get("/live/<act>")
@needs(Permission.DEPLOY_SCRIPTS, fresh=True)
def ask_about_live(implementation: str, act: str) -> Response:
    """Ask once before something is done with the staged version or with all scripts, and say whom it touches."""
    chosen = _act(OF_WHAT_IS_LIVE, act)
    with reading(implementation) as (db, found):
        return _ask(db, found, chosen, None)


@blueprint.post("/live/<act>")
@needs(Permission.DEPLOY_SCRIPTS, fresh=True)
def do_with_live(implementation: str, act: str) -> Response:
    """Do it. It takes effect with the next request."""
    return _do(implementation, _act(OF_WHAT_IS_LIVE, act), None)


def _act(known: Mapping[str, DeploymentAct], name: str) -> DeploymentAct:
    if name not in known:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_ACT)
    return known[name]


def _ask(
    db: DbSession,
    found: Implementation,
    act: DeploymentAct,
    version: Version | None,
    sent: DeploymentForm | None = None,
) -> Response:
    """Draw the question, with the faults of a form that was refused."""
    scene = DeploymentScene.of(db, found, version)
    about = version or scene.staged
    if about is None and "{number}" in act.title:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NONE_STAGED)
    form = sent or (ShareForm if act.share else DeploymentForm)(formdata=None)
    if sent is None and act.share:
        form["share"].data = str(act.share(scene))
    # What is live on this page, also where a refused form shows it again: its reader sees it now.
    form.active.data = scene.active.number if scene.active else 0
    form.staged.data = scene.staged.number if scene.staged else 0
    number = about.number if about else 0
    return page(
        "deploy.html",
        found,
        title=act.title.format(number=number),
        form=form,
        act=act,
        verb=act.verb.format(number=number),
        effects=act.effects(scene),
        scene=scene,
        version=version,
    )


def _do(implementation: str, act: DeploymentAct, number: int | None) -> Response:
    form: DeploymentForm = (ShareForm if act.share else DeploymentForm)()
    expected = SeenVersions(form.active.value or None, form.staged.value or None)
    about = number if number is not None else form.staged.value
    share = form["share"].value if act.share else None
    without = Without.NEEDS if form.anyway.value else Without.NOTHING
    sent = SentValues(by_page(form.reason.value), share, without, expected.active, expected.staged)

    def change(db: DbSession, owner: Implementation) -> Any:
        if act.checks_seen:
            refuse_overtaken(db, owner, expected)
        return act.change(db, owner, about, sent)

    try:
        after = commit_to(implementation, change)
    except RuleViolation as refused:
        form.refuse(LEFT_UNSAID if isinstance(refused, NeedsLacking) else refused)
        with reading(implementation) as (db, found):
            return _ask(db, found, act, None if number is None else version_named(db, found, number), form)
    flash(act.done.format(number=about) if after.made else UNCHANGED)
    return see_other(address("every", implementation))
