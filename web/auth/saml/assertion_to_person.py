"""The person of an accepted assertion: the key by which we know them, and their profile.

Every provider names attributes differently. The mapping by an administrator comes first; a field that is not mapped uses
the usual names (`saml.ATTRIBUTE_MAP`). The key of a person must never change, and two people must not share it:

1. If a subject attribute is configured, its only value is the key.
2. Otherwise the NameID is the key, unless it is transient and therefore changes at each login.
3. The key is used unchanged. One that would have to be trimmed or truncated could become another person's key, and is
   refused; so is a value of an attribute that had line breaks around it.
"""

from __future__ import annotations

import json
import logging
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from records import UserProfile
from records.identity import saml_providers as saml
from records.people import badge_id, user_fields
from web.auth.login_steps.admission import AuthenticatedPerson, NotAdmitted, SamlSession
from web.auth.saml.protocol.values import SamlAssertion

log = logging.getLogger(__name__)

#: Characters of the longest key of a person.
LONGEST_SUBJECT = 255

#: Most attributes of a person that are stored, and most bytes of all of them as JSON.
MOST_ATTRIBUTES = 64
MOST_BYTES = 8 * 1024


def person_of(
    assertion: SamlAssertion, implementation: str, *, attribute_map: Mapping[str, Iterable[str]], subject_attribute: str
) -> AuthenticatedPerson:
    """Return the person. Raises `NotAdmitted` if there is no usable key."""
    subject = _checked(_subject(assertion, subject_attribute))
    names = {name: _first(assertion, attribute_map.get(name, usual)) for name, usual in saml.ATTRIBUTE_MAP.items()}
    given = {name: _values(assertion, source)[0] if source else "" for name, source in names.items()}
    fields = {name: value.strip() for name, value in given.items()} | {
        "badge_id": badge_id.normalised(given["badge_id"])
    }
    for name, value in fields.items():
        # A username can grant roles. Like the key, one that has to be trimmed could become another person's.
        trimmed = value != given[name] or names[name] in assertion.indented
        if not _fits(value, user_fields.LONGEST[name]) or (name == "username" and trimmed):
            log.warning("login: unusable value of a field ignored implementation=%s field=%s", implementation, name)
            fields[name] = ""
    return AuthenticatedPerson(
        implementation=implementation,
        source="saml",
        provider=assertion.issuer,
        subject=subject,
        profile=UserProfile(**fields, attributes=_attributes(assertion, implementation)),
        expires_at=assertion.session_not_on_or_after,
        proved_at=assertion.authn_instant,
        saml=SamlSession(assertion.nameid, assertion.session_index or "", assertion.nameid_format),
    )


def _subject(assertion: SamlAssertion, subject_attribute: str) -> str:
    # 1.
    if subject_attribute:
        values = _values(assertion, subject_attribute)
        if len(values) != 1:
            raise NotAdmitted("subject-many" if values else "subject-missing")
        if subject_attribute in assertion.indented:
            raise NotAdmitted("subject-unusable", "line breaks around the value")
        return values[0]
    # 2.
    if assertion.transient:
        raise NotAdmitted("subject-transient")
    return assertion.nameid


def _checked(subject: str) -> str:
    # 3.
    if not _fits(subject, LONGEST_SUBJECT) or not subject or subject != subject.strip():
        raise NotAdmitted("subject-unusable")
    return subject


def _values(assertion: SamlAssertion, name: str) -> tuple[str, ...]:
    """Return the values of an attribute by its name, or by its friendly name if no attribute has that name."""
    return assertion.attributes[name] if name in assertion.attributes else assertion.friendly.get(name, ())


def _first(assertion: SamlAssertion, names: Iterable[str]) -> str:
    """Return the first of the names that has a value; "" if none has one."""
    return next((name for name in names if _values(assertion, name)), "")


def _fits(value: str, longest: int) -> bool:
    return len(value) <= longest and not any(unicodedata.category(each) in ("Cc", "Cs") for each in value)


def _attributes(assertion: SamlAssertion, implementation: str) -> dict[str, Any]:
    """Return the attributes to store: a text, or a list for several values."""
    attributes: dict[str, Any] = {}
    size = 0
    for name, values in assertion.attributes.items():
        value = values[0] if len(values) == 1 else list(values)
        size += len(json.dumps({name: value}, ensure_ascii=False).encode())
        if len(attributes) == MOST_ATTRIBUTES or size > MOST_BYTES:
            log.warning(
                "login: too many attributes, some ignored implementation=%s kept=%d of=%d",
                implementation,
                len(attributes),
                len(assertion.attributes),
            )
            break
        attributes[name] = value
    return attributes
