"""The pages that connect an identity provider: our addresses for its people, and its metadata or data for us.

What was read from metadata is shown first, on the form that stores it: exactly what the administrator has seen is saved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Response

from records import DbSession, Implementation, RuleViolation
from records.changes import saml as changes
from records.changes.after_commit import AfterCommit
from records.changes.saml import ProviderEntry
from records.identity import certificates
from records.identity import saml_providers as saml
from records.people import actors
from runner.powers.outbound_requests import OutboundRequestFailed
from web.auth.saml.protocol.messages.metadata import BadMetadata, IdpMetadata, read_idp_metadata
from web.auth.services import AuthServices
from web.console.commits import by_page, commit_to, environment
from web.console.settings.identity import our_certificates
from web.console.settings.identity.forms import ProviderForm, ReadForm, pems, the_one_source
from web.console.settings.identity.provider_certificates import connected
from web.console.settings.views_base import address, ask, blueprint, done, looking, page, saved
from web.permissions import Permission, needs, takes

#: The page above the others.
ABOVE = (("Identity provider", "provider"),)

#: Bytes of a form with metadata in it, and of the metadata itself. A provider has some kilobytes.
FORM_BYTES = 3 * 1024 * 1024
METADATA_BYTES = 2 * 1024 * 1024

XML_TYPES = "application/samlmetadata+xml, application/xml;q=0.9, text/xml;q=0.9"


@dataclass(frozen=True)
class ReadCertificate:
    """A certificate as the preview shows it; `fault` says why it cannot be saved."""

    sha256: str = ""
    subject: str = ""
    not_after: datetime | None = None
    fault: str = ""


@blueprint.get("/provider")
@needs(Permission.SEE_SETTINGS)
def provider(implementation: str) -> Response:
    """Show our addresses, the provider and its certificates."""
    keys = our_certificates.keys_of(implementation)
    now = datetime.now(UTC)
    with looking(implementation) as (db, found):
        present = saml.find(db, found)
        known = saml.certificates(db, present) if present else []
        return page(
            "provider.html",
            found,
            title="Identity provider",
            provider=present,
            people=actors.by_keys(
                db, {each.decided_by for each in known} | ({present.changed_by} if present else set())
            ),
            certificates=sorted(known, key=lambda each: ("waiting", "active", "retired").index(each.state)),
            active=sum(each.state == "active" for each in known),
            now=now,
            soon=now + certificates.NOTICE,
            ours=our_certificates.listed(keys) if keys else (),
            changing=keys is not None and keys.next_signing is not None,
            base=AuthServices.here().config.absolute(f"/saml/{implementation}"),
        )


@blueprint.get("/provider/metadata")
@needs(Permission.CHANGE_TRUST, fresh=True)
def read_provider(implementation: str) -> Response:
    """Ask for the provider's metadata."""
    with looking(implementation) as (db, found):
        present = saml.find(db, found)
        form = ReadForm(formdata=None, data={"url": present.metadata_url if present else ""})
        return page("provider_read.html", found, title="Read metadata", above=ABOVE, form=form)


@blueprint.post("/provider/metadata")
@needs(Permission.CHANGE_TRUST, fresh=True)
@takes(body=FORM_BYTES)
def preview_provider(implementation: str) -> Response:
    """Read the metadata and show what it says. Nothing is stored yet."""
    source_form = ReadForm()
    try:
        read = _read(source_form)
    except RuleViolation as refused:
        source_form.refuse(refused)
        with looking(implementation) as (_, found):
            return page("provider_read.html", found, title="Read metadata", above=ABOVE, form=source_form)
    with looking(implementation) as (db, found):
        present = saml.find(db, found)
        form = ProviderForm(formdata=None)
        values = {name: getattr(read, name) for name in ("entity_id", "sso_url", "slo_url")}
        values["certificates"] = "\n".join(read.certificates)
        values["was_read"] = "yes"
        values["metadata_url"] = source_form.url.value or (present.metadata_url if present else "")
        form.process(formdata=None, data=values)
        return _provider_page(found, form, present, read=read)


@blueprint.get("/provider/data")
@needs(Permission.CHANGE_TRUST, fresh=True)
def edit_provider(implementation: str) -> Response:
    """Show the provider's data to be typed or changed by hand."""
    with looking(implementation) as (db, found):
        form = ProviderForm(formdata=None)
        present = saml.find(db, found)
        if present is not None:
            form.show(present)
        return _provider_page(found, form, present)


@blueprint.post("/provider/data")
@needs(Permission.CHANGE_TRUST, fresh=True)
@takes(body=FORM_BYTES)
def save_provider(implementation: str) -> Response:
    """Store the provider. If the entity ID is another one, the form must say whose people they are."""
    form = ProviderForm()
    try:
        change = commit_to(implementation, lambda db, found: _save(db, found, form))
        return saved(change, "The identity provider is saved. Try the login now.", "check", implementation)
    except RuleViolation as refused:
        form.refuse(refused)
    with looking(implementation) as (db, found):
        return _provider_page(found, form, saml.find(db, found))


@blueprint.get("/provider/remove")
@needs(Permission.CHANGE_TRUST, fresh=True)
def ask_remove_provider(implementation: str) -> Response:
    """Ask once, and say who can no longer log in."""
    effects = [
        (
            "No one will be able to log in to this implementation by SAML, neither attendees nor organizers. Logins that are "
            "open now stay until they end."
        ),
        "People, their roles and our own keys are kept: if you connect the same provider again, everything is as before.",
    ]
    back = address("provider", implementation)
    with looking(implementation) as (db, found):
        connected(db, found)
        return ask(found, "Remove the identity provider?", effects, verb="Remove the identity provider", back=back)


@blueprint.post("/provider/remove")
@needs(Permission.CHANGE_TRUST, fresh=True)
def remove_provider(implementation: str) -> Response:
    """Delete the provider and its certificates."""

    def change(db: DbSession, found: Implementation) -> AfterCommit[None]:
        connected(db, found)
        return changes.remove(db, found, by_page())

    commit_to(implementation, change)
    return done("The identity provider is removed.", "provider", implementation)


def _read(form: ReadForm) -> IdpMetadata:
    """Read the metadata from where the form says. Raises RuleViolation at the field that is wrong."""
    sources = {"file": form.file.value, "xml": form.xml.value.encode(), "url": form.url.value}
    # The field holds the stored address when the page is opened for a refresh, so a file or a pasted text goes first.
    source = the_one_source({**sources, "url": "" if sources["file"] or sources["xml"] else sources["url"]})
    try:
        document = _fetched(sources["url"]) if source == "url" else sources[source]
        return read_idp_metadata(document, form.entity_id.value or None)
    except OutboundRequestFailed as failed:
        raise RuleViolation("url", f"cannot be fetched: {failed.text}") from None
    except BadMetadata as bad:
        raise RuleViolation(source, f"cannot be used: {bad}") from None


def _fetched(url: str) -> bytes:
    answer = AuthServices.here().outbound.fetch(url, max_body=METADATA_BYTES, accept=XML_TYPES)
    if answer.status != 200:  # OK
        raise RuleViolation("url", f"cannot be fetched: the server answered {answer.status}")
    return answer.body


def _save(db: DbSession, found: Implementation, form: ProviderForm) -> AfterCommit[saml.SamlProvider]:
    present = saml.find(db, found)
    proposed = pems(form.certificates.value) if form.brings_certificates_to(present) else ()
    entry = ProviderEntry(form.draft(present), proposed, form.people.value)
    return changes.save(db, AuthServices.here().box, found, entry, by_page(), environment=environment())


def _provider_page(
    found: Implementation, form: ProviderForm, present: saml.SamlProvider | None, *, read: IdpMetadata | None = None
) -> Response:
    replaces = present is not None and bool(form.entity_id.value) and present.entity_id != form.entity_id.value
    return page(
        "provider_data.html",
        found,
        title="What was read" if read else "Provider’s data",  # noqa: RUF001 - typography for people
        above=ABOVE,
        form=form,
        provider=present,
        replaces=replaces,
        now=datetime.now(UTC),
        read=read,
        certificates=[_read_certificate(pem) for pem in pems(form.certificates.value)],
        may_be_local=not AuthServices.here().config.production,
    )


def _read_certificate(pem: str) -> ReadCertificate:
    try:
        one = certificates.read(pem)
    except ValueError as fault:
        return ReadCertificate(fault=str(fault))
    return ReadCertificate(one.sha256, one.subject, one.not_after)
