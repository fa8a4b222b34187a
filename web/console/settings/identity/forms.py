"""Forms of the identity provider. What is typed becomes the draft which `records.identity.saml_providers` judges."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from wtforms import HiddenField

from records import FieldFault, RuleViolation, SamlDraft
from records.identity import saml_providers as saml
from records.people import user_fields
from web.forms.base_form import BaseForm
from web.forms.fields import ChoiceField, LineField, LinesField, TextBlockField, UploadField, YesNoField

#: What an attribute can fill, in the words of the page.
PROPERTIES = tuple((one.name, one.label, one.meaning) for one in user_fields.TABLE)

#: The switches which believe more than they should have to: field, what it does, what can go wrong.
SWITCHES = (
    (
        "accept_response_signature",
        "Accept a signed response",
        (
            "Some providers sign the envelope instead of the assertion in it. Safe as long as the envelope covers the "
            "assertion, which is checked; still, prefer a signed assertion if the provider can do it."
        ),
    ),
    (
        "allow_cbc",
        "Accept encryption with AES-CBC",
        (
            "This old encryption can be attacked by somebody who can send us many changed messages. Believed below a "
            "verified signature only. Choose AES-GCM at the provider instead, if it can."
        ),
    ),
    (
        "allow_unsolicited",
        "Accept logins that start at the provider",
        (
            "Nobody asked for such a login here, so a stranger can log an attendee in as somebody else by a link. Leave it "
            "off unless people really start at the provider's own page of applications."
        ),
    ),
)

#: Whether the people of a provider stay themselves when another takes its place.
PEOPLE = (
    ("same", "The same people: who has the same subject there is the same person"),
    ("other", "Other people: those of the old provider cannot log in any more"),
)

#: What of a provider its page shows as it is.
SHOWN = ("entity_id", "sso_url", "slo_url", "metadata_url", "development")

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


class ReadForm(BaseForm):
    """Where the provider's metadata comes from: one of three."""

    file = UploadField("Upload the metadata file")
    xml = TextBlockField("Or paste the metadata", description="The whole XML.")
    url = LineField("Or fetch it from an address", description="Starts with https://. It can be fetched again later.")
    entity_id = LineField(
        "Entity ID", description="Only if the metadata describes several providers, as a federation's does."
    )


class ProviderForm(BaseForm):
    """A provider, by hand or as it was read from its metadata."""

    entity_id = LineField("Entity ID", description="By which the provider names itself. It is compared to the letter.")
    sso_url = LineField("Login address (SSO, redirect binding)", description="Where people are sent to log in.")
    slo_url = LineField("Logout address (SLO)", description="Where people are sent to log out. May stay empty.")
    certificates = TextBlockField(
        "Signing certificates", description="PEM or base64. With several, one below the other."
    )
    metadata_url = LineField(
        "Address of its metadata", description="May stay empty. With it, new certificates are found."
    )
    development = YesNoField("This provider is on this machine itself (development only)")
    was_read = HiddenField()
    people = ChoiceField("Who are the people of the new provider?", choices=PEOPLE)

    def show(self, provider: saml.SamlProvider) -> None:
        """Fill in a provider as it is; its certificates stay where they are and are not typed again."""
        self.process(formdata=None, data={name: getattr(provider, name) for name in SHOWN})

    def draft(self, present: saml.SamlProvider | None) -> SamlDraft:
        """Return the draft; what this page does not show stays as it is."""
        kept = kept_of(present) if present is not None else {}
        given = () if self.brings_certificates_to(present) else pems(self.certificates.value)
        return SamlDraft(**{**kept, **self.values(*SHOWN)}, certificates=given)

    def brings_certificates_to(self, present: saml.SamlProvider | None) -> bool:
        """Say whether the certificates are metadata's of a provider that is there already: then they have to wait."""
        return bool(self.was_read.data) and present is not None and present.entity_id == self.entity_id.value

    def refuse_unanswered(self, present: saml.SamlProvider | None) -> None:
        """Raise RuleViolation if another provider takes the place of this one, and nobody said whose people they are."""
        replaces = present is not None and present.entity_id != self.entity_id.value
        if replaces and self.people.value not in dict(PEOPLE):
            raise RuleViolation("people", "must be answered, because the entity ID has changed")


class MappingForm(BaseForm):
    """Which attributes mean what, and by what a person is known."""

    subject_attribute = LineField(
        "Subject",
        description="The attribute by which a person is known here, which scripts see as user.id. Empty: the NameID. "
        "It must never change and never be given to somebody else.",
    )
    username = LinesField("Username")
    user_type = LinesField("User type")
    first_name = LinesField("First name")
    last_name = LinesField("Last name")
    badge_id = LinesField("Badge ID")

    fields_of = MappingProxyType({"attribute_map": "username"})

    def show(self, provider: saml.SamlProvider) -> None:
        """Fill in what is mapped."""
        self.process(formdata=None, data={**provider.attribute_map, "subject_attribute": provider.subject_attribute})

    def changes(self) -> dict[str, Any]:
        """Return what the draft gets."""
        names = [name for name, _, _ in PROPERTIES]
        return {"subject_attribute": self.subject_attribute.value, "attribute_map": self.values(*names)}


class PolicyForm(BaseForm):
    """What is accepted beyond the ordinary."""

    accept_response_signature = YesNoField("Accept a signed response")
    allow_cbc = YesNoField("Accept encryption with AES-CBC")
    allow_unsolicited = YesNoField("Accept logins that start at the provider")


def kept_of(provider: saml.SamlProvider) -> dict[str, Any]:
    """Return all of a provider's draft but its certificates, which stay when none are given."""
    names = [name for name in SamlDraft.__dataclass_fields__ if name != "certificates"]
    return {name: getattr(provider, name) for name in names}


def pems(text: str) -> tuple[str, ...]:
    """Take typed certificates apart."""
    found = tuple(_PEM.findall(text))
    rest = _PEM.sub("", text).strip()
    return (*found, rest) if rest else found


def choose_one(given: Mapping[str, Any]) -> str:
    """Return the name of the one source that was given. Raises RuleViolation for none or several."""
    there: Iterable[str] = [name for name, value in given.items() if value]
    first, *others = [*there, ""]
    if not first:
        raise RuleViolation(
            "file", "is missing, and so are the pasted text and the address: one of the three is needed"
        )
    if others and others[0]:
        more = [FieldFault(name, "is given as well: one of the three is enough") for name in others if name]
        raise RuleViolation(more[0].field, more[0].reason, more=more[1:])
    return str(first)
