"""What a verified assertion must say to be valid for a login here and now, and what is read from it.

Every function takes the assertion element whose signature was verified, and reads only that.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from web.auth.saml.protocol.values import Idp, Rejected, SamlAssertion, SamlPolicy, Sp
from web.auth.saml.protocol.vocabulary import BEARER, NAMEID_FORMATS, UNSPECIFIED, a
from web.auth.saml.protocol.xml.parsing import Element, text_of

#: Characters of a NameID, and of an attribute's value.
LONGEST_NAME = 512
LONGEST_VALUE = 4096
#: Attributes of a person, and values of one attribute.
MOST_ATTRIBUTES = 200
MOST_VALUES = 500
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z", re.ASCII)


def time_of(element: Element, name: str) -> datetime | None:
    """Return the time in an attribute, in UTC as SAML requires; None if there is none.

    The time can be at the limits of the calendar, so never add to it: calculate with the current time instead.
    """
    value = element.get(name)
    if value is None:
        return None
    match = _TIME.fullmatch(value)
    try:
        return datetime.fromisoformat(match[1]).replace(tzinfo=UTC) if match else _bad_time(name)
    except ValueError:
        return _bad_time(name)


def _bad_time(name: str) -> datetime:
    raise Rejected("bad-time", name)


def check_issuer(element: Element, idp: Idp, code: str) -> None:
    """Require exactly one Issuer: the provider."""
    issuers = element.findall(a("Issuer"))
    if len(issuers) != 1 or text_of(issuers[0]) != idp.entity_id:
        raise Rejected(code)


def check_age(element: Element, now: datetime, skew_s: int, max_age_s: int) -> datetime:
    """Require that a message was issued recently; return when."""
    issued, skew = time_of(element, "IssueInstant"), timedelta(seconds=skew_s)
    if issued is None:
        raise Rejected("bad-time", "IssueInstant")
    if issued > now + skew:
        raise Rejected("issued-in-future")
    if now - issued > timedelta(seconds=max_age_s) + skew:
        raise Rejected("too-old")
    return issued


def check_audience(assertion: Element, sp: Sp, now: datetime, policy: SamlPolicy) -> None:
    """Require conditions that are valid now, and that every audience restriction names us."""
    conditions = assertion.findall(a("Conditions"))
    if len(conditions) != 1:
        raise Rejected("conditions")
    skew = timedelta(seconds=policy.skew_s)
    before, after = time_of(conditions[0], "NotBefore"), time_of(conditions[0], "NotOnOrAfter")
    if before is not None and before > now + skew:
        raise Rejected("not-yet-valid")
    if after is not None and after <= now - skew:
        raise Rejected("expired")
    restrictions = conditions[0].findall(a("AudienceRestriction"))
    if not restrictions:
        raise Rejected("audience-missing")
    for restriction in restrictions:
        if sp.entity_id not in [text_of(audience) for audience in restriction]:
            raise Rejected("audience")


def check_confirmation(assertion: Element, sp: Sp, request_id: str | None, now: datetime, skew_s: int) -> datetime:
    """Require a bearer confirmation for our address and this request; return when it ends."""
    subject, reasons = _only(assertion, "Subject"), []
    for confirmation in subject.findall(a("SubjectConfirmation")):
        data = confirmation.findall(a("SubjectConfirmationData"))
        until = time_of(data[0], "NotOnOrAfter") if len(data) == 1 else None
        if confirmation.get("Method") != BEARER or until is None or len(data[0]):
            reasons.append("confirmation")
            continue
        reason = _recipient_fault(data[0], sp, request_id) or _time_fault(
            data[0], until, now, timedelta(seconds=skew_s)
        )
        if not reason:
            return until
        reasons.append(reason)
    raise Rejected(reasons[0] if reasons else "confirmation")


def _recipient_fault(data: Element, sp: Sp, request_id: str | None) -> str:
    if data.get("Recipient") != sp.acs_url:
        return "recipient"
    # Both are None for an unsolicited message.
    return "" if data.get("InResponseTo") == request_id else "in-response-to"


def _time_fault(data: Element, until: datetime, now: datetime, skew: timedelta) -> str:
    after = time_of(data, "NotBefore")
    if after is not None and after > now + skew:
        return "not-yet-valid"
    return "" if now - skew < until else "confirmation-expired"


def check_authentication(assertion: Element, now: datetime, policy: SamlPolicy) -> Element:
    """Return the only AuthnStatement. It must still be valid and, for a step-up, the person must just have authenticated."""
    statement = _only(assertion, "AuthnStatement")
    instant, ends = time_of(statement, "AuthnInstant"), time_of(statement, "SessionNotOnOrAfter")
    skew = timedelta(seconds=policy.skew_s)
    if instant is None or instant > now + skew:
        raise Rejected("authn-instant")
    if ends is not None and ends <= now - skew:
        raise Rejected("session-over")
    if policy.max_authn_age_s is not None and now - instant > timedelta(seconds=policy.max_authn_age_s) + skew:
        raise Rejected("authn-too-old")
    return statement


def read(assertion: Element, statement: Element, request_id: str | None) -> SamlAssertion:
    """Return the content of the assertion."""
    name, name_format = read_nameid(_only(_only(assertion, "Subject"), "NameID"))
    attributes, friendly, indented = _attributes(assertion)
    return SamlAssertion(
        issuer=text_of(_only(assertion, "Issuer")),
        nameid=name,
        nameid_format=name_format,
        attributes=attributes,
        friendly=friendly,
        indented=indented,
        session_index=statement.get("SessionIndex"),
        session_not_on_or_after=time_of(statement, "SessionNotOnOrAfter"),
        authn_instant=time_of(statement, "AuthnInstant"),
        assertion_id=str(assertion.get("ID")),
        in_response_to=request_id,
    )


def read_nameid(element: Element) -> tuple[str, str]:
    """Return a NameID and its format. It is not changed: a trimmed one could become another person's."""
    name_format = element.get("Format") or UNSPECIFIED
    if name_format not in NAMEID_FORMATS:
        raise Rejected("nameid-format")
    name = text_of(element)
    if not 0 < len(name) <= LONGEST_NAME or name != name.strip():
        raise Rejected("nameid")
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
        raise Rejected("nameid")
    return name, name_format


def check_qualifier(element: Element, sp: Sp) -> None:
    """Require that a name that is qualified for a service is qualified for us."""
    if element.get("SPNameQualifier") not in (None, "", sp.entity_id):
        raise Rejected("nameid-qualifier")


def _attributes(
    assertion: Element,
) -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, tuple[str, ...]], frozenset[str]]:
    """Return the attributes by name and by friendly name, and the names of those whose values were trimmed."""
    found = assertion.findall(f"{a('AttributeStatement')}/{a('Attribute')}")
    if len(found) > MOST_ATTRIBUTES:
        raise Rejected("too-many-values")
    names = [attribute.get("Name") or "" for attribute in found]
    if len(names) != len(set(names)) or not all(names):
        raise Rejected("repeated-attribute")
    written = [_values(attribute) for attribute in found]
    values = [tuple(map(_without_line_breaks, each)) for each in written]
    nicknames = [attribute.get("FriendlyName") or "" for attribute in found]
    often = Counter(nicknames)
    friendly = {nick: value for nick, value in zip(nicknames, values, strict=True) if nick and often[nick] == 1}
    trimmed = [number for number, each in enumerate(written) if each != values[number]]
    indented = frozenset(name for number in trimmed for name in (names[number], nicknames[number]) if name)
    return dict(zip(names, values, strict=True)), friendly, indented


def _values(attribute: Element) -> tuple[str, ...]:
    values = [_value(value) for value in attribute]
    if len(values) > MOST_VALUES or any(len(value) > LONGEST_VALUE for value in values):
        raise Rejected("too-many-values")
    return tuple(value for value in values if value.strip())


def _value(value: Element) -> str:
    # eduPersonTargetedID contains a NameID; no other value contains markup.
    if len(value) == 1 and value[0].tag == a("NameID") and not ((value.text or "") + (value[0].tail or "")).strip():
        return text_of(value[0])
    if len(value):
        raise Rejected("attribute-markup")
    return text_of(value)


def _without_line_breaks(text: str) -> str:
    """Return a value without line breaks and indentation around it. Any other white space belongs to the value."""
    bare = text.strip(" \t\r\n")
    around = text.split(bare, 1) if bare else [text]
    return bare if any("\n" in part for part in around) else text


def _only(parent: Element, name: str) -> Element:
    found = parent.findall(a(name))
    if len(found) != 1:
        raise Rejected({"NameID": "nameid", "AuthnStatement": "authn-statement"}.get(name, "subject"))
    return found[0]
