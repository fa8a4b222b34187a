"""Pages of External Authentication: the kind that is set, its form, trying it, removing it."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response

from records import DbSession, ExternalAuth, ExternalAuthDraft, Implementation, RuleViolation
from records.changes import external_auth as changes
from records.changes.after_commit import AfterCommit
from records.identity import external_auth as external
from records.people import actors
from records.tenants import implementations
from web.auth.services import AuthServices
from web.console.commits import by_page, commit_to, environment
from web.console.settings.external.forms import (
    AUTH_KINDS,
    DEFAULTS,
    FORMS,
    KINDS,
    KindForm,
    TryAssertionForm,
    TryPasswordForm,
    TryTokenForm,
)
from web.console.settings.external.login_test import LoginTestResult, try_assertion, try_password, try_token
from web.console.settings.external.our_addresses import our_side
from web.console.settings.identity.forms import PROPERTIES
from web.console.settings.views_base import (
    LONG_FORM,
    actor,
    address,
    ask,
    blueprint,
    done,
    looking,
    page,
    saved,
)
from web.permissions import Permission, needs, takes
from web.problem_details import HttpProblem as Problem

#: The page above the others.
ABOVE = (("External Authentication", "external"),)

NO_KIND = "There is no such kind of External Authentication."
NOT_SET = "External Authentication is not set. It may have been removed."


@blueprint.get("/external", endpoint="external")
@needs(Permission.SEE_SETTINGS)
def show_external(implementation: str) -> Response:
    """Show the present settings and the kinds to choose from."""
    with looking(implementation) as (db, found):
        present = external.find(db, found)
        return page(
            "external.html",
            found,
            title="External Authentication",
            present=present,
            people=actors.by_keys(db, [present.changed_by] if present else ()),
            kinds=() if implementation == implementations.STAFF else KINDS,
            ours=our_side(found),
        )


@blueprint.get("/external/<kind>")
@needs(Permission.CHANGE_TRUST, fresh=True)
def edit_external(implementation: str, kind: str) -> Response:
    """Show the form of a kind."""
    with looking(implementation) as (db, found):
        present = external.find(db, found)
        form = _form(implementation, kind)(formdata=None)
        if present is not None and present.kind == kind:
            form.show(present.fields, development=present.development)
        else:
            form.show(dict(DEFAULTS[kind]), development=False)
        return _kind_page(found, form, kind, present)


@blueprint.post("/external/<kind>")
@needs(Permission.CHANGE_TRUST, fresh=True)
@takes(body=LONG_FORM)
def save_external(implementation: str, kind: str) -> Response:
    """Store it. Another kind replaces the present one."""
    form = _form(implementation, kind)()
    try:
        form.refuse_unreadable()
        draft = ExternalAuthDraft(kind, form.draft_fields(), form["secret"].value, form.development.value)
        box = AuthServices.here().box
        change = commit_to(
            implementation,
            lambda db, found: changes.save(db, box, found, draft, by_page(), environment=environment()),
        )
        return saved(
            change,
            "External Authentication is saved and applies from now on.",
            "edit_external",
            implementation,
            kind=kind,
        )
    except RuleViolation as refused:
        form.refuse(refused)
    with looking(implementation) as (db, found):
        return _kind_page(found, form, kind, external.find(db, found))


@blueprint.post("/external/jwt/try")
@needs(Permission.CHANGE_TRUST, fresh=True)
def try_external_assertion(implementation: str) -> Response:
    """Check an assertion, and show what was understood. Nothing is stored, and the assertion is not used up."""
    form = TryAssertionForm()
    return _tried(implementation, "jwt", try_assertion(implementation, form.assertion.value or "", actor()))


@blueprint.post("/external/password/try")
@needs(Permission.CHANGE_TRUST, fresh=True)
def try_external_password(implementation: str) -> Response:
    """Ask the registration vendor about what was typed, and show what was understood. Nothing is stored."""
    form = TryPasswordForm()
    result = try_password(implementation, form.username.value, form.password.value or "", actor())
    return _tried(implementation, "password", result)


@blueprint.post("/external/introspection/try")
@needs(Permission.CHANGE_TRUST, fresh=True)
def try_external_token(implementation: str) -> Response:
    """Ask the organizer's server about a token, and show what was understood. Nothing is stored."""
    form = TryTokenForm()
    return _tried(implementation, "introspection", try_token(implementation, form.token.value or "", actor()))


@blueprint.get("/external/remove")
@needs(Permission.CHANGE_TRUST, fresh=True)
def ask_remove_external(implementation: str) -> Response:
    """Ask once, and say who can no longer log in."""
    effects = [
        "No one will be able to log in by External Authentication. Logins that are open now stay until they end.",
        (
            "The settings and the secret are deleted. People are kept, and stay the same people if you set up the same service "
            "again."
        ),
    ]
    with looking(implementation) as (db, found):
        _present(db, found)
        title, back = "Remove External Authentication?", address("external", implementation)
        return ask(found, title, effects, verb="Remove External Authentication", back=back)


@blueprint.post("/external/remove")
@needs(Permission.CHANGE_TRUST, fresh=True)
def remove_external(implementation: str) -> Response:
    """Delete it with its secret."""

    def change(db: DbSession, found: Implementation) -> AfterCommit[None]:
        _present(db, found)
        return changes.remove(db, found, by_page())

    commit_to(implementation, change)
    return done("External Authentication is removed.", "external", implementation)


def _form(implementation: str, kind: str) -> type[KindForm]:
    if kind not in FORMS or implementation == implementations.STAFF:  # staff log in by SAML only
        raise Problem(HTTPStatus.NOT_FOUND, NO_KIND)
    return FORMS[kind]


def _present(db: DbSession, implementation: Implementation) -> ExternalAuth:
    """Return what is set. Raises `Problem` (404) if nothing is."""
    found = external.find(db, implementation)
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, NOT_SET)
    return found


def _tried(implementation: str, kind: str, result: LoginTestResult) -> Response:
    with looking(implementation) as (db, found):
        present = external.find(db, found)
        if present is None or present.kind != kind:
            raise Problem(HTTPStatus.NOT_FOUND, NO_KIND)
        form = _form(implementation, kind)(formdata=None)
        form.show(present.fields, development=present.development)
        return _kind_page(found, form, kind, present, result=result)


def _kind_page(
    found: Implementation,
    form: KindForm,
    kind: str,
    present: ExternalAuth | None,
    *,
    result: LoginTestResult | None = None,
) -> Response:
    same = present is not None and present.kind == kind
    return page(
        f"external_{kind}.html",
        found,
        title=next(words for name, words, _ in KINDS if name == kind),
        above=ABOVE,
        form=form,
        kind=kind,
        present=present if same else None,
        replaced=next((words for name, words, _ in KINDS if present and not same and name == present.kind), ""),
        has_secret=same and present is not None and present.sealed_secret is not None,
        try_form=_try_form(form, kind) if same else None,
        ours=our_side(found, kind),
        result=result,
        auth_kinds=AUTH_KINDS,
        properties=PROPERTIES,
        may_be_local=not AuthServices.here().config.production,
    )


def _try_form(form: KindForm, kind: str) -> TryAssertionForm | TryPasswordForm | TryTokenForm:
    """Return the form for trying a kind, with the labels of the login form."""
    if kind == "introspection":
        return TryTokenForm(formdata=None)
    if kind == "jwt":
        return TryAssertionForm(formdata=None)
    login_form = TryPasswordForm(formdata=None)
    login_form.username.label.text = form["username_label"].value or login_form.username.label.text
    login_form.password.label.text = form["password_label"].value or login_form.password.label.text
    return login_form
