"""The guard: whether a login response is accepted, and which person it names.

A response is accepted after all of these steps, in this order. Cheap and structural checks come first, because anyone can
cause the work that precedes the verification of a signature:

 1. It is small, strict base64, and plain XML (`parsing.py`).
 2. It is a successful Response with exactly one assertion, and without unexpected elements (`response_shape.py`).
 3. Every signature in it has the one accepted form (`signatures.py`); something in it is signed or encrypted.
 4. It was sent to exactly our address, by exactly this provider, in answer to exactly the pending request.
 5. The value of each signature is from a pinned certificate, over SignedInfo alone (`signatures.check_signers`). An
    attacker gets no further, and nothing else has been canonicalized until here.
 6. A signature of the response is valid for the response. This is checked before anything is decrypted.
 7. An encrypted assertion has an accepted form (`encryption.py`), and the decrypted one is checked as in 1 to 3 and 5.
 8. The assertion itself has a valid signature; if the policy allows, one of the response is sufficient.
 9. The signed assertion is from this provider, recent, for us, for our address, for this request, and about a login that
    is still valid (`assertion_content.py`). Clocks may differ by `SamlPolicy.skew_s`.
10. The person is read from exactly the element that was verified.
11. python3-saml, in strict mode, accepts it too, except for times, which are checked here (`library.py`).
12. It was never seen before. This is checked last, so that a refused copy cannot use up the genuine one.

In all other cases `Rejected` is raised. No other exception is raised, except by `first_time` if the store does not answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from web.auth.saml.protocol.values import Idp, Rejected, SamlAssertion, SamlPolicy, Sp
from web.auth.saml.protocol.vocabulary import a
from web.auth.saml.protocol.xml import library
from web.auth.saml.protocol.xml.encryption import check_encryption, decrypt
from web.auth.saml.protocol.xml.own_thread import in_own_thread
from web.auth.saml.protocol.xml.parsing import Element, check_tree, read_base64, read_xml
from web.auth.saml.protocol.xml.signatures import check_signatures, check_signers

from . import assertion_content
from .response_shape import ResponseParts, check_assertion, check_response

#: Remembers a key for a number of seconds; False if it was known already.
FirstTime = Callable[[str, int], bool]


@in_own_thread
def verify_response(  # noqa: PLR0913 - the parties, the policy and the time, all by keyword
    saml_response_b64: str,
    *,
    sp: Sp,
    idp: Idp,
    policy: SamlPolicy,
    request_id: str | None,
    first_time: FirstTime,
    now: datetime | None = None,
) -> SamlAssertion:
    """Return the verified assertion. `request_id`: of the pending request of this browser; None if there is none.

    `first_time` is called once, at the end, with a hash and the seconds to remember it. Raises Rejected.
    """
    now = now or datetime.now(UTC)
    sent = read_xml(read_base64(saml_response_b64))  # 1
    parts = check_response(sent)  # 2
    signed = check_signatures(sent, [sent, parts.plain])  # 3
    if not signed and parts.encrypted is None:
        raise Rejected("unsigned")
    _check_delivery(sent, sp, request_id, policy)  # 4
    if sent in signed or sent.findall(a("Issuer")):
        assertion_content.check_issuer(sent, idp, "response-issuer")
    signers = check_signers(signed, idp.certificates)  # 5
    if sent in signed and not library.is_response_signed_by(sent, signers):  # 6
        raise Rejected("signature", "of the response")
    opened = _opened(sent, parts, policy, sp, outer_signed=sent in signed)  # 7
    assertion, signers = _covered(sent if opened is None else opened, policy, idp)  # 8
    until = _check_content(assertion, (sp, idp, policy), request_id, now)  # 9
    statement = assertion_content.check_authentication(assertion, now, policy)
    read = assertion_content.read(assertion, statement, request_id)  # 10
    library.validate(sent, opened, (sp, replace(idp, certificates=signers), policy), request_id)  # 11
    if not first_time(replay_key("assertion", idp, read.assertion_id), int((until - now).total_seconds()) + 60):  # 12
        raise Rejected("replay", f"assertion {read.assertion_id}")
    return read


def replay_key(kind: str, idp: Idp, message_id: str) -> str:
    """Return the key by which a message of a provider is remembered."""
    return hashlib.sha256(f"{kind}\n{idp.entity_id}\n{message_id}".encode()).hexdigest()


def _check_delivery(sent: Element, sp: Sp, request_id: str | None, policy: SamlPolicy) -> None:
    if sent.get("Destination") != sp.acs_url:
        raise Rejected("destination")
    answered = sent.get("InResponseTo")
    if request_id is None and answered is not None:
        raise Rejected("nothing-pending")
    if request_id is None and not policy.allow_unsolicited:
        raise Rejected("unsolicited")
    if answered != request_id:
        raise Rejected("in-response-to")


def _opened(sent: Element, parts: ResponseParts, policy: SamlPolicy, sp: Sp, *, outer_signed: bool) -> Element | None:
    """Return the response with its assertion decrypted; None if it was not encrypted."""
    if parts.encrypted is None:
        return None
    check_encryption(parts.encrypted, policy, outer_signed=outer_signed)
    opened = decrypt(sent, parts.encrypted, sp)
    check_tree(opened)  # as a whole: the decrypted assertion must not share an ID with the elements around it
    check_assertion(opened.find(a("Assertion")))
    return opened


def _covered(root: Element, policy: SamlPolicy, idp: Idp) -> tuple[Element, tuple[str, ...]]:
    """Return the verified assertion, and the certificates of the signatures.

    `root`: a response with the decrypted assertion; its own signature is already verified.
    """
    assertion = root.find(a("Assertion"))
    signed = check_signatures(root, [root, assertion])
    signers = check_signers(signed, idp.certificates)
    if assertion in signed:
        if not library.is_assertion_signed_by(root, signers):
            raise Rejected("signature", "of the assertion")
    elif not (policy.accept_response_signature and root in signed):
        raise Rejected("assertion-not-signed")
    return assertion, signers


def _check_content(
    assertion: Element, ours: tuple[Sp, Idp, SamlPolicy], request_id: str | None, now: datetime
) -> datetime:
    """Return the last time at which this assertion could be used."""
    sp, idp, policy = ours
    assertion_content.check_issuer(assertion, idp, "issuer")
    issued = assertion_content.check_age(assertion, now, policy.skew_s, policy.max_age_s)
    assertion_content.check_audience(assertion, sp, now, policy)
    for name in assertion.iterfind(f"{a('Subject')}//{a('NameID')}"):
        assertion_content.check_qualifier(name, sp)
    until = assertion_content.check_confirmation(assertion, sp, request_id, now, policy.skew_s)
    return min(until, issued + timedelta(seconds=policy.max_age_s)) + timedelta(seconds=policy.skew_s)
