"""The forms of the identity provider. They make the draft that `records.identity.saml_providers` checks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from wtforms import HiddenField

from records import FieldFault, RuleViolation, SamlDraft
from records.changes.saml import OTHER_PEOPLE, SAME_PEOPLE, described
from records.identity import saml_providers as saml
from records.people import user_fields
from web.forms.base_form import BaseForm
from web.forms.fields import ChoiceField, LineField, LinesField, TextBlockField, UploadField, YesNoField

#: The properties that attributes are mapped to: name, label and meaning.
PROPERTIES = tuple((one.name, one.label, one.meaning) for one in user_fields.TABLE)

#: The exceptions to the ordinary policy: field, what it allows, what can go wrong.
SWITCHES = (
    (
        "accept_response_signature",
        "Accept a signed response",
        (
            "Some providers sign the envelope instead of the assertion in it. Safe as long as the envelope covers the "
            "assertion, which is checked; still, prefer a signed assertion if the provider can sign it."
        ),
    ),
    (
        "allow_cbc",
        "Accept encryption with AES-CBC",
        (
            "This old encryption can be attacked by someone who can send us many changed messages. It is accepted only under a "
            "verified signature. Choose AES-GCM at the provider instead, if it can."
        ),
    ),
    (
        "allow_unsolicited",
        "Accept logins that start at the provider",
        (
            "Such a login was not requested here, so with a link a stranger can log an attendee in as another person. Leave "
            "it off unless people really start at the provider's own page of applications."
        ),
    ),
)

#: Whether the people of a provider stay the same people when another replaces it.
PEOPLE = (
    (SAME_PEOPLE, "The same people: a person with the same subject stays the same person"),
    (OTHER_PEOPLE, "Other people: those of the old provider can no longer log in"),
)

#: The values of a provider that are stored as they are typed.
AS_TYPED = ("entity_id", "sso_url", "slo_url", "metadata_url", "development")

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


class ReadForm(BaseForm):
    """Where the provider's metadata comes from: one of three."""

    file = UploadField("Upload the metadata file")
    xml = TextBlockField("Or paste the metadata", description="The whole XML.")
    url = LineField(
        "Or fetch it from an address", description="Must start with https://. It can be fetched again later."
    )
    entity_id = LineField(
        "Entity ID", description="Only if the metadata describes several providers, as a federation's does."
    )


class ProviderForm(BaseForm):
    """A provider, by hand or as it was read from its metadata."""

    entity_id = LineField("Entity ID", description="The provider's name for itself. It must match exactly.")
    sso_url = LineField("Login address (SSO, redirect binding)", description="Where people are sent to log in.")
    slo_url = LineField("Logout address (SLO)", description="Where people are sent to log out.")
    certificates = TextBlockField(
        "Signing certificates", description="PEM or base64. If there are several, one below the other."
    )
    metadata_url = LineField(
        "Address of its metadata", description="If it is given, new certificates are found through it."
    )
    development = YesNoField("This provider is on this machine itself (development only)")
    was_read = HiddenField()
    people = ChoiceField("Who are the people of the new provider?", choices=PEOPLE)

    def show(self, provider: saml.SamlProvider) -> None:
        """Fill in the present provider, without its certificates: they stay and are not typed again."""
        self.process(formdata=None, data={name: getattr(provider, name) for name in AS_TYPED})

    def draft(self, present: saml.SamlProvider | None) -> SamlDraft:
        """Return the draft; what this page does not show stays as it is."""
        unshown = described(present) if present is not None else {}
        typed = () if self.brings_certificates_to(present) else pems(self.certificates.value)
        return SamlDraft(**{**unshown, **self.values(*AS_TYPED)}, certificates=typed)

    def brings_certificates_to(self, present: saml.SamlProvider | None) -> bool:
        """Say whether metadata of the provider that is connected already brought the certificates: then they have to wait."""
        return bool(self.was_read.data) and present is not None and present.entity_id == self.entity_id.value


class MappingForm(BaseForm):
    """The attributes that mean each property, and the one that identifies a person."""

    subject_attribute = LineField(
        "Subject",
        description="The attribute that identifies a person here; scripts read it as user.id. Empty: the NameID. "
        "Its value must never change and never be given to another person.",
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
    """The exceptions to the ordinary policy."""

    accept_response_signature = YesNoField("Accept a signed response")
    allow_cbc = YesNoField("Accept encryption with AES-CBC")
    allow_unsolicited = YesNoField("Accept logins that start at the provider")


def pems(text: str) -> tuple[str, ...]:
    """Split typed certificates; what is not PEM is the last one."""
    found = tuple(_PEM.findall(text))
    rest = _PEM.sub("", text).strip()
    return (*found, rest) if rest else found


def the_one_source(sources: Mapping[str, Any]) -> str:
    """Return the name of the one source that was given. Raises RuleViolation for none or several."""
    present: Iterable[str] = [name for name, value in sources.items() if value]
    first, *others = [*present, ""]
    if not first:
        raise RuleViolation(
            "file", "is missing, and so are the pasted text and the address: one of the three is needed"
        )
    if others and others[0]:
        more = [FieldFault(name, "is given as well: one of the three is enough") for name in others if name]
        raise RuleViolation(more[0].field, more[0].reason, more=more[1:])
    return str(first)
