"""Pages of connections: the list, one connection, removing it, trying it.

The pages say only whether there is a secret. It goes from the browser into the sealed row and nowhere else; a form
that is shown again with faults asks for it again.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Response

from records import Connection, DbSession, Implementation, RuleViolation
from records.changes import connections as changes
from records.changes.after_commit import AfterCommit
from records.scripts import deployments
from records.tenants import connections
from runner.powers.connection_health import close_breaker
from runner.powers.outbound_requests import ConnectionTestResult
from web.auth.services import AuthServices
from web.console.commits import by_page, commit_to, environment
from web.console.layout.vendor_banner import health_of
from web.console.settings.connections.forms import KINDS, ConnectionForm, ConnectionTestForm, usual
from web.console.settings.views_base import LONG_FORM, address, ask, blueprint, done, looking, page, saved
from web.permissions import Permission, needs, takes
from web.problem_details import HttpProblem

NO_CONNECTION = "The implementation has no connection of this name. It may have been removed."

#: The page above the others.
ABOVE = (("Connections", "connections"),)

#: The words on pages for each kind of credential.
KIND_WORDS = {kind: words for kind, words, _ in KINDS}


@blueprint.get("/connections", endpoint="connections")
@needs(Permission.SEE_SETTINGS)
def connection_list(implementation: str) -> Response:
    """List the connections."""
    with looking(implementation) as (db, found):
        present = connections.every(db, found)
        healths = health_of(found.slug, [each.name for each in present])
        rows = [(each, named_by(db, found, each.name), health) for each, health in zip(present, healths, strict=True)]
        return page("connections.html", found, title="Connections", rows=rows, kinds=KIND_WORDS)


@blueprint.post("/connections/<name>/call-again")
@needs(Permission.CHANGE_SETTINGS)
def call_again(implementation: str, name: str) -> Response:
    """Close the breaker, so that a vendor which failed is called again at once. Nothing is noted if the store is away."""

    def closed(db: DbSession, found: Implementation) -> AfterCommit[None]:
        _present(db, found, name)
        after = changes.breaker_closed(db, found, name, by_page())
        close_breaker(AuthServices.here().store.redis, found.slug, name)
        return after

    commit_to(implementation, closed)
    return done(f"{name} is called again from now on.", "connections", implementation)


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
        draft, box = form.draft(name), AuthServices.here().box
        commit_to(
            implementation,
            lambda db, found: changes.add(db, box, found, draft, by_page(), environment=environment()),
        )
        return done(f"The connection {name} is added. Now test it.", "connection", implementation, name=name)
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
        change = commit_to(implementation, lambda db, found: _changed(db, found, form, name))
        return saved(
            change,
            f"The connection {name} is saved and applies from the next run on.",
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
    effects = ["The connection and its secret are deleted. To set it up again, you need the secret."]
    if version:
        effects.append(
            f"The active version of the script, version {version}, names it: its calls will fail from now on."
        )
    return ask(
        found, f"Remove {name}?", effects, verb=f"Remove {name}", back=address("connection", implementation, name=name)
    )


@blueprint.post("/connections/<name>/remove")
@needs(Permission.CHANGE_TRUST, fresh=True)
def remove_connection(implementation: str, name: str) -> Response:
    """Remove a connection with its secret."""

    def change(db: DbSession, found: Implementation) -> AfterCommit[None]:
        _present(db, found, name)
        return changes.remove(db, found, name, by_page())

    commit_to(implementation, change)
    return done(f"The connection {name} and its secret are deleted.", "connections", implementation)


@blueprint.post("/connections/<name>/try")
@needs(Permission.CHANGE_TRUST, fresh=True)
def try_connection(implementation: str, name: str) -> Response:
    """Make one GET call under the same rules as a script's calls, and show the result, but never the body."""
    call_form = ConnectionTestForm()

    def noted(db: DbSession, found: Implementation) -> AfterCommit[None]:
        _present(db, found, name)
        return changes.tried(db, found, name, call_form.path.value, by_page())

    commit_to(implementation, noted)
    tried = _tried(implementation, name, call_form.path.value)
    with looking(implementation) as (db, found):
        present = _present(db, found, name)
        form = ConnectionForm(formdata=None)
        form.show(present)
        return _edit_page(found, form, present, tried=tried, call_form=call_form, named_by=named_by(db, found, name))


def _tried(implementation: str, name: str, path: str) -> ConnectionTestResult:
    services = AuthServices.here()
    with looking(implementation) as (db, found):
        opened, _ = connections.open_usable(db, services.box, found)
    if name not in opened:
        words = "The secret cannot be decrypted with the keys of this server. Type it again and save the connection."
        return ConnectionTestResult(ok=False, status=None, fault="refused", ms=0, text=words)
    return services.outbound.try_connection(opened[name], path)


def named_by(db: DbSession, implementation: Implementation, name: str) -> int | None:
    """Return the number of the active version if its text names the connection."""
    version = deployments.active_version(db, implementation)
    named = version and any(f"{quote}{name}{quote}" in version.source for quote in "\"'")
    return version.number if version and named else None


def _present(db: DbSession, implementation: Implementation, name: str) -> Connection:
    found = connections.find(db, implementation, name)
    if found is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_CONNECTION)
    return found


def _changed(db: DbSession, found: Implementation, form: ConnectionForm, name: str) -> AfterCommit[Connection]:
    _present(db, found, name)
    return changes.change(db, AuthServices.here().box, found, form.draft(name), by_page(), environment=environment())


def _edit_page(  # noqa: PLR0913 - what one page may show
    found: Implementation,
    form: ConnectionForm,
    present: Connection | None = None,
    *,
    tried: ConnectionTestResult | None = None,
    call_form: ConnectionTestForm | None = None,
    named_by: int | None = None,
) -> Response:
    call_form = call_form or ConnectionTestForm(
        formdata=None, data={"path": present.path_prefixes[0] if present else "/"}
    )
    return page(
        "connection.html", found, title=present.name if present else "New connection", above=ABOVE, form=form, connection=present, kinds=KINDS, call_form=call_form, tried=tried, named_by=named_by,
        may_be_local=not AuthServices.here().config.production,
    )  # fmt: skip
