"""Pages of connections: the list, one connection, removing it, trying it.

What is shown of a secret: whether there is one. It travels from the browser into the sealed row and nowhere else; a form
that comes back with faults asks for it again.
"""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from flask import Response

from records import Connection, ConnectionDraft, DbSession, Implementation, RuleViolation
from records.scripts import versions
from records.tenants import connections
from runner.powers.outbound_requests import ConnectionTestResult
from web.auth.services import AuthServices
from web.console.settings.connections.forms import KINDS, ConnectionForm, TryForm, usual
from web.console.settings.views_base import (
    LONG_FORM,
    SettingsChange,
    address,
    ask,
    blueprint,
    changing,
    differences,
    done,
    looking,
    page,
    refuse_development,
    saved,
    saving,
)
from web.permissions import Permission, needs, takes
from web.problem_details import HttpProblem

NO_CONNECTION = "The implementation has no connection of this name. It may have been removed."

#: The page above the others.
ABOVE = (("Connections", "connections"),)

#: What an audit entry says of a secret that changed.
GIVEN = "given anew"

#: The words on pages for each kind of credential.
KIND_WORDS = {kind: words for kind, words, _ in KINDS}


@blueprint.get("/connections", endpoint="connections")
@needs(Permission.SEE_SETTINGS)
def connection_list(implementation: str) -> Response:
    """List the connections."""
    with looking(implementation) as (db, found):
        rows = [(each, named_by(db, found, each.name)) for each in connections.every(db, found)]
        return page("connections.html", found, title="Connections", rows=rows, kinds=KIND_WORDS)


@blueprint.get("/connections/new")
@needs(Permission.CHANGE_TRUST, fresh=True)
def new_connection(implementation: str) -> Response:
    """Show an empty connection."""
    with looking(implementation) as (_, found):
        return _edit_page(found, ConnectionForm(formdata=None, data=usual()))


@blueprint.post("/connections/new")
@needs(Permission.CHANGE_TRUST, fresh=True)
@takes(body=LONG_FORM)
def add_connection(implementation: str) -> Response:
    """Store a new connection."""
    form = ConnectionForm()
    name = form.name.value
    try:
        with saving(implementation, "connection.saved", target=name) as change:
            _refuse_taken(change, name)
            _save(change, form.draft(name))
        return done(
            f"The connection {name} is added. See now whether it works.", "connection", implementation, name=name
        )
    except RuleViolation as refused:
        form.refuse(refused)
    with looking(implementation) as (_, found):
        return _edit_page(found, form)


@blueprint.get("/connections/<name>")
@needs(Permission.CHANGE_TRUST, fresh=True)
def connection(implementation: str, name: str) -> Response:
    """Show one connection, all of it but its secret."""
    with looking(implementation) as (db, found):
        present = _present(db, found, name)
        form = ConnectionForm(formdata=None)
        form.show(present)
        return _edit_page(found, form, present, named_by=named_by(db, found, name))


@blueprint.post("/connections/<name>")
@needs(Permission.CHANGE_TRUST, fresh=True)
@takes(body=LONG_FORM)
def save_connection(implementation: str, name: str) -> Response:
    """Store a change. The secret stays when its field is empty, unless it would go to another address."""
    form = ConnectionForm()
    try:
        with saving(implementation, "connection.saved", target=name) as change:
            _present(change.db, change.implementation, name)
            _save(change, form.draft(name))
        return saved(
            change,
            f"The connection {name} is saved and counts from the next run on.",
            "connection",
            implementation,
            name=name,
        )
    except RuleViolation as refused:
        form.refuse(refused)
    with looking(implementation) as (db, found):
        return _edit_page(found, form, _present(db, found, name), named_by=named_by(db, found, name))


@blueprint.get("/connections/<name>/remove")
@needs(Permission.CHANGE_TRUST, fresh=True)
def ask_remove_connection(implementation: str, name: str) -> Response:
    """Ask once, and say what removing does."""
    with looking(implementation) as (db, found):
        _present(db, found, name)
        version = named_by(db, found, name)
    told = ["The connection and its secret are deleted. Whoever wants it back has to know the secret."]
    if version:
        told.append(f"Version {version} of the script, which is in service, names it: its calls will fail from now on.")
    return ask(
        found, f"Remove {name}?", told, verb=f"Remove {name}", back=address("connection", implementation, name=name)
    )


@blueprint.post("/connections/<name>/remove")
@needs(Permission.CHANGE_TRUST, fresh=True)
def remove_connection(implementation: str, name: str) -> Response:
    """Remove a connection with its secret."""
    with changing(implementation, "connection.removed", target=name) as change:
        connections.delete(change.db, _present(change.db, change.implementation, name))
    return done(f"The connection {name} and its secret are gone.", "connections", implementation)


@blueprint.post("/connections/<name>/try")
@needs(Permission.CHANGE_TRUST, fresh=True)
def try_connection(implementation: str, name: str) -> Response:
    """Make one GET through the very rules that scripts are held to, and say what came of it: never the body."""
    asked = TryForm()
    with changing(implementation, "connection.tried", target=name, announced=False) as change:
        present = _present(change.db, change.implementation, name)
        change.detail = {"path": asked.path.value.partition("?")[0][:200]}
    tried = _tried(implementation, name, asked.path.value)
    with looking(implementation) as (db, found):
        form = ConnectionForm(formdata=None)
        form.show(present)
        return _edit_page(found, form, present, tried=tried, asked=asked, named_by=named_by(db, found, name))


def _tried(implementation: str, name: str, path: str) -> ConnectionTestResult:
    entrance = AuthServices.here()
    with looking(implementation) as (db, found):
        opened, _ = connections.open_usable(db, entrance.box, found)
    if name not in opened:
        words = "The secret cannot be opened with the keys of this server. Type it again and save the connection."
        return ConnectionTestResult(ok=False, status=None, fault="refused", ms=0, text=words)
    return entrance.outreach.try_connection(opened[name], path)


def named_by(db: DbSession, implementation: Implementation, name: str) -> int | None:
    """Return the number of the version in service if its text names the connection."""
    version = versions.active(db, implementation)
    named = version and any(f"{quote}{name}{quote}" in version.source for quote in "\"'")
    return version.number if version and named else None


def _present(db: DbSession, implementation: Implementation, name: str) -> Connection:
    found = connections.find(db, implementation, name)
    if found is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_CONNECTION)
    return found


def _refuse_taken(change: SettingsChange, name: str) -> None:
    if name == "new":
        raise RuleViolation("name", "is taken by the page for new connections")
    if connections.find(change.db, change.implementation, name):
        raise RuleViolation("name", "is taken by another connection")


def _save(change: SettingsChange, draft: ConnectionDraft) -> None:
    refuse_development(wanted=draft.development)
    before = _shown(connections.find(change.db, change.implementation, draft.name))
    saved = connections.save(change.db, AuthServices.here().box, change.implementation, draft)
    change.detail = differences(before, _shown(saved))
    if draft.secret is not None:
        change.detail["secret"] = GIVEN


def _shown(connection: Connection | None) -> dict[str, Any]:
    """Return everything about a connection but its secret."""
    names = [name for name in asdict(ConnectionDraft(name="", base_url="")) if name not in ("name", "secret")]
    return {name: getattr(connection, name, None) for name in names}


def _edit_page(  # noqa: PLR0913 - what one page may show
    found: Implementation,
    form: ConnectionForm,
    present: Connection | None = None,
    *,
    tried: ConnectionTestResult | None = None,
    asked: TryForm | None = None,
    named_by: int | None = None,
) -> Response:
    asked = asked or TryForm(formdata=None, data={"path": present.path_prefixes[0] if present else "/"})
    return page(
        "connection.html", found, title=present.name if present else "New connection", below=ABOVE, form=form, connection=present, kinds=KINDS, asked=asked, tried=tried, named_by=named_by,
        may_be_local=not AuthServices.here().config.production,
    )  # fmt: skip
