"""Pages of an implementation's own settings: general, link hosts, script."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from flask import Response, current_app

from records import DbSession, FieldFault, Implementation, RuleViolation
from records.changes import implementations as changes
from records.changes.after_commit import AfterCommit
from records.changes.implementations import SettingsTerms
from records.people import users
from records.scripts import versions
from records.tenants import implementation_settings as table
from records.tenants import implementations
from runner.settings.run_budgets import limits_of
from web.console.commits import by_page, commit_to
from web.console.layout.page_frame import signed_in
from web.console.settings.general.forms import AS_TYPED, BUDGETS, PALETTE, GeneralForm, LinkHostsForm, ScriptForm
from web.console.settings.views_base import LONG_FORM, blueprint, looking, page, saved
from web.forms.fields import choices_of
from web.permissions import Permission, needs, takes

#: The key of `app.extensions` that holds the operator's limits of a run.
OPERATOR_LIMITS = "run limits of the operator"

#: User types offered as checkboxes: the most frequent ones.
MOST_OFFERED = 24

#: The page above the others.
ABOVE = (("Settings", "settings"),)


@blueprint.get("/settings", endpoint="settings")
@needs(Permission.SEE_SETTINGS)
def general(implementation: str) -> Response:
    """Show the settings of what attendees see and when."""
    with looking(implementation) as (db, found):
        seen = seen_user_types(db, found)
        form = GeneralForm(
            formdata=None, obj=found, data={"more_user_types": [t for t in found.user_types if t not in seen]}
        )
        return _general_page(found, form, seen)


@blueprint.post("/settings")
@needs(Permission.CHANGE_SETTINGS)
@takes(body=LONG_FORM)
def save_settings(implementation: str) -> Response:
    """Store the settings. Faults are shown at their fields, with what was typed."""
    form = GeneralForm()
    try:
        values = form.values(*AS_TYPED[table.GENERAL]) | {"user_types": form.all_user_types()}
        change = commit_to(implementation, lambda db, found: change_settings(db, found, values))
        return saved(change, "The settings are saved and apply from now on.", "settings", implementation)
    except RuleViolation as refused:
        form.refuse(refused)
    with looking(implementation) as (db, found):
        return _general_page(found, form, seen_user_types(db, found))


def _general_page(found: Implementation, form: GeneralForm, seen: list[str]) -> Response:
    form.user_types.choices = choices_of((name, name) for name in seen)
    zones = sorted(zoneinfo.available_timezones())
    return page("general.html", found, title="Settings", form=form, zones=zones, palette=PALETTE)


def seen_user_types(db: DbSession, implementation: Implementation) -> list[str]:
    """Return the user types of the people who have logged in so far."""
    return sorted(users.types_seen(db, implementation, limit=MOST_OFFERED))


def change_settings(
    db: DbSession, found: Implementation, values: Mapping[str, Any], faults: Sequence[FieldFault] = ()
) -> AfterCommit[None]:
    """Change settings, within the permissions of the signed-in person and the operator's limits."""
    trusted = signed_in().may(Permission.CHANGE_TRUST, found.slug)
    terms = SettingsTerms(asdict(current_app.extensions[OPERATOR_LIMITS]), trusted=trusted)
    return changes.change(db, found, values, by_page(), terms=terms, faults=faults)


@blueprint.get("/settings/link-hosts")
@needs(Permission.CHANGE_TRUST, fresh=True)
def link_hosts(implementation: str) -> Response:
    """Show the hosts that messages may link to."""
    with looking(implementation) as (_, found):
        return page(
            "link_hosts.html", found, title="Link hosts", above=ABOVE, form=LinkHostsForm(formdata=None, obj=found)
        )


@blueprint.post("/settings/link-hosts")
@needs(Permission.CHANGE_TRUST, fresh=True)
@takes(body=LONG_FORM)
def save_link_hosts(implementation: str) -> Response:
    """Store the hosts."""
    form = LinkHostsForm()
    try:
        values = form.values("link_hosts")
        change = commit_to(implementation, lambda db, found: change_settings(db, found, values))
        return saved(change, "The link hosts are saved and apply from now on.", "link_hosts", implementation)
    except RuleViolation as refused:
        form.refuse(refused)
    with looking(implementation) as (_, found):
        return page("link_hosts.html", found, title="Link hosts", above=ABOVE, form=form)


@blueprint.get("/settings/script")
@needs(Permission.SEE_SETTINGS)
def script(implementation: str) -> Response:
    """Show the settings that the script reads, and the limits of a run."""
    with looking(implementation) as (db, found):
        return _script_page(db, found, ScriptForm(formdata=None, obj=found, data=found.limits))


@blueprint.post("/settings/script")
@needs(Permission.CHANGE_SETTINGS)
@takes(body=LONG_FORM)
def save_script(implementation: str) -> Response:
    """Store it."""
    form = ScriptForm()
    try:
        limits, faults = _budgets(form)
        values = form.values(*AS_TYPED[table.SCRIPT])
        if form.script_settings.fault:
            faults.append(FieldFault("script_settings", form.script_settings.fault))
        else:
            values["script_settings"] = form.script_settings.value

        def change_script(db: DbSession, found: Implementation) -> AfterCommit[None]:
            return change_settings(db, found, values | {"limits": _unshown_budgets(found) | limits}, faults)

        change = commit_to(implementation, change_script)
        return saved(change, "The settings are saved and apply from the next run on.", "script", implementation)
    except RuleViolation as refused:
        form.refuse(refused)
    with looking(implementation) as (db, found):
        return _script_page(db, found, form)


def _script_page(db: DbSession, found: Implementation, form: ScriptForm) -> Response:
    most = current_app.extensions[OPERATOR_LIMITS]
    usual = limits_of(Implementation(limits={}), most)
    version, activation = versions.active(db, found), versions.activation(db, found)
    return page(
        "script.html",
        found,
        title="Script",
        above=ABOVE,
        form=form,
        budgets=BUDGETS,
        usual=usual,
        version=version,
        active_since=activation.activated_at if activation else None,
        missing=versions.settings_missing(found, version) if version else [],
    )


def _budgets(form: ScriptForm) -> tuple[dict[str, Any], list[FieldFault]]:
    """Return the budgets that are set, and what is wrong with them. An empty field leaves the default."""
    good, faults = {}, []
    for name in BUDGETS:
        value = form[name].value
        try:
            if value is not None:
                good[name] = _budget(name, value, form[name].unit)
        except ValueError as fault:
            faults.append(FieldFault(name, str(fault)))
    return good, faults


def _budget(name: str, value: Any, unit: str) -> Any:
    """Check a budget by its rule and the operator's limit. The form says the numbers of a refusal in its own unit."""
    checked = implementations.LIMITS[name](value)
    most = getattr(current_app.extensions[OPERATOR_LIMITS], name)
    if checked > most:
        raise ValueError(f"must be at most {most:.12g} {unit} here: the operator of this service allows no more")
    return checked


def _unshown_budgets(implementation: Implementation) -> dict[str, Any]:
    """Return the budgets that this page does not show: they stay as they are."""
    return {name: value for name, value in implementation.limits.items() if name not in BUDGETS}
