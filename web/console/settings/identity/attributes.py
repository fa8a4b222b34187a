"""The pages about a provider's messages: attributes, subject, and exceptions to the ordinary policy."""

from __future__ import annotations

from collections import Counter

from flask import Response

from records import DbSession, Implementation, RuleViolation
from records.changes import saml as changes
from records.changes.after_commit import AfterCommit
from records.identity import saml_providers as saml
from records.people import users
from web.auth.login_steps import login_test
from web.auth.services import AuthServices
from web.console.commits import by_page, commit_to
from web.console.layout.page_frame import signed_in
from web.console.settings.identity.forms import PROPERTIES, SWITCHES, MappingForm, PolicyForm
from web.console.settings.identity.provider import ABOVE
from web.console.settings.identity.provider_certificates import connected
from web.console.settings.views_base import LONG_FORM, blueprint, looking, page, saved
from web.permissions import Permission, needs, takes

#: Users, those who logged in last, whose attributes are offered; and how many names are offered.
USERS_READ = 50
MOST_OFFERED = 60


@blueprint.get("/provider/attributes")
@needs(Permission.CHANGE_TRUST, fresh=True)
def attributes(implementation: str) -> Response:
    """Show the attributes that mean each property."""
    with looking(implementation) as (db, found):
        form = MappingForm(formdata=None)
        form.show(connected(db, found))
        return _mapping_page(db, found, form)


@blueprint.post("/provider/attributes")
@needs(Permission.CHANGE_TRUST, fresh=True)
@takes(body=LONG_FORM)
def save_attributes(implementation: str) -> Response:
    """Store the mapping. It applies from each person's next login on."""
    form = MappingForm()
    try:
        values = form.changes()
        change = commit_to(implementation, lambda db, found: _change(db, found, values))
        return saved(
            change,
            "The attributes are saved. They apply from each person's next login on.",
            "attributes",
            implementation,
        )
    except RuleViolation as refused:
        form.refuse(refused)
    with looking(implementation) as (db, found):
        return _mapping_page(db, found, form)


@blueprint.get("/provider/policy")
@needs(Permission.CHANGE_TRUST, fresh=True)
def policy(implementation: str) -> Response:
    """Show the exceptions to the ordinary policy."""
    with looking(implementation) as (db, found):
        form = PolicyForm(formdata=None, obj=connected(db, found))
        return page("provider_policy.html", found, title="Policy", above=ABOVE, form=form, switches=SWITCHES)


@blueprint.post("/provider/policy")
@needs(Permission.CHANGE_TRUST, fresh=True)
def save_policy(implementation: str) -> Response:
    """Store the switches."""
    form = PolicyForm()
    try:
        values = form.values(*(name for name, _, _ in SWITCHES))
        change = commit_to(implementation, lambda db, found: _change(db, found, values))
        return saved(change, "The policy is saved and applies from now on.", "policy", implementation)
    except RuleViolation as refused:
        form.refuse(refused)
    with looking(implementation) as (_, found):
        return page("provider_policy.html", found, title="Policy", above=ABOVE, form=form, switches=SWITCHES)


def attribute_names(db: DbSession, implementation: Implementation) -> list[str]:
    """Return the names of the attributes that arrived in the test login just made, then those of the last logins. No values."""
    tried = login_test.result(AuthServices.here().store, implementation.slug, signed_in().visitor.login)
    seen = (user.attributes for user in users.every(db, implementation, limit=USERS_READ))
    counted = Counter(name for attributes in seen for name in attributes)
    names = [*(tried["attributes"] if tried else ()), *(name for name, _ in counted.most_common(MOST_OFFERED))]
    return list(dict.fromkeys(names))[:MOST_OFFERED]


def _change(db: DbSession, found: Implementation, values: dict[str, object]) -> AfterCommit[None]:
    connected(db, found)
    return changes.change(db, AuthServices.here().box, found, values, by_page())


def _mapping_page(db: DbSession, found: Implementation, form: MappingForm) -> Response:
    return page(
        "provider_attributes.html",
        found,
        title="Attributes",
        above=ABOVE,
        form=form,
        properties=PROPERTIES,
        usual=saml.ATTRIBUTE_MAP,
        names=attribute_names(db, found),
    )
