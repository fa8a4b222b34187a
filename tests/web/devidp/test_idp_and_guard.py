"""The identity provider against our own service provider: each understands what the other says, and nothing else."""

import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.web.devidp.sender import SERVICE, form_of, log_in, redirected
from web.auth.saml.protocol.messages import outgoing_messages
from web.auth.saml.protocol.messages.logout_guard import verify_logout_request, verify_logout_response
from web.auth.saml.protocol.messages.metadata import read_idp_metadata
from web.auth.saml.protocol.messages.response_guard import verify_response
from web.auth.saml.protocol.values import Idp, Rejected, SamlPolicy, Sp
from web.devidp.identity import ENTITY_ID
from web.devidp.outgoing_messages import metadata


@pytest.fixture
def sp(demo):
    return Sp(
        entity_id=demo.entity_id,
        acs_url=f"{demo.base}/acs",
        slo_url=f"{demo.base}/slo",
        key_pem=demo.key,
        cert_pem=demo.certificate,
        decryption_key_pem="",
        encryption_cert_pem="",
    )


@pytest.fixture
def known(idp):
    """What our service knows of the identity provider: nothing but its metadata."""
    found = read_idp_metadata(metadata(idp))
    return Idp(found.entity_id, found.sso_url, found.slo_url, found.certificates)


def once():
    seen = set()

    def first_time(key, life_s):
        assert life_s > 0
        return not (key in seen or seen.add(key))

    return first_time


def believed(message, sp, known, request_id, **rules):
    return verify_response(
        message, sp=sp, idp=known, policy=SamlPolicy(**rules), request_id=request_id, first_time=once()
    )


def test_the_metadata_is_read_as_it_is_meant(idp, known):
    assert known == Idp(ENTITY_ID, idp.sso_url, idp.slo_url, (idp.certificate_pem,))


@pytest.mark.parametrize("force_authn", [False, True])
def test_our_request_is_accepted_and_the_guard_believes_the_answer(http, sp, known, force_authn):
    address, request_id = outgoing_messages.login_request(sp, known, relay_state="handle", force_authn=force_authn)
    path = f"/sso?{urlsplit(address).query}"
    assert ("to be sure that it is you" in http.get(path).text) == force_authn
    action, fields = form_of(http.post(path, data={"person": "srivera"}).text)
    assert (action, fields["RelayState"]) == (sp.acs_url, "handle")
    told = believed(fields["SAMLResponse"], sp, known, request_id, max_authn_age_s=120)
    assert told.issuer == ENTITY_ID
    assert told.in_response_to == request_id
    assert {name: told.attributes[name] for name in ("uid", "userType", "memberNumber")} == {
        "uid": ("srivera",),
        "userType": ("staff",),
        "memberNumber": ("167",),
    }
    assert told.nameid_format.endswith(":persistent")
    assert told.session_index


def test_the_guard_refuses_the_answer_to_another_question_implementation_or_time(http, demo, staff, sp, known):
    message = form_of(log_in(http, demo).text)[1]["SAMLResponse"]
    other = replace(sp, entity_id=staff.entity_id, acs_url=f"{staff.base}/acs")
    for cheated, at, question in ((sp, known, "_other"), (other, known, "_request1"), (sp, known, None)):
        with pytest.raises(Rejected):
            believed(message, cheated, at, question)
    again = once()
    given = {"sp": sp, "idp": known, "policy": SamlPolicy(), "request_id": "_request1", "first_time": again}
    assert verify_response(message, **given).assertion_id
    with pytest.raises(Rejected):
        verify_response(message, **given)


def test_a_refused_login_is_no_login(http, demo, sp, known):
    page = http.post(f"/sso?{demo.query(demo.login_request())}", data={"nobody": "yes"}).text
    with pytest.raises(Rejected):
        believed(form_of(page)[1]["SAMLResponse"], sp, known, "_request1")


def test_both_ways_of_logging_out_are_understood(http, demo, sp, known):
    # 1. From our service: it asks, the provider answers.
    told = believed(form_of(log_in(http, demo).text)[1]["SAMLResponse"], sp, known, "_request1")
    address, request_id = outgoing_messages.logout_request(
        sp,
        known,
        nameid=told.nameid,
        nameid_format=told.nameid_format,
        session_index=told.session_index,
        relay_state="r",
    )
    where, _, _, query = redirected(http.get(f"/slo?{urlsplit(address).query}"))
    assert where == sp.slo_url
    verify_logout_response(query, sp=sp, idp=known, request_id=request_id)
    assert "No one is logged in here" in http.get("/").text
    # 2. From the provider's page: it asks, our service answers.
    told = believed(form_of(log_in(http, demo).text)[1]["SAMLResponse"], sp, known, "_request1")
    _, fields, _, query = redirected(http.post("/logout"))
    asked = verify_logout_request(query, sp=sp, idp=known, first_time=once())
    assert (asked.nameid, asked.indexes) == (told.nameid, (told.session_index,))
    answer = outgoing_messages.logout_response(sp, known, in_response_to=asked.id, relay_state=fields["RelayState"])
    assert parse_qs(urlsplit(answer).query)["SAMLResponse"]
    done = http.get(f"/slo?{urlsplit(answer).query}")
    assert "and from all implementations" in done.text


def test_an_address_of_another_service_is_never_named(http, demo):
    page = http.get(f"/sso?{demo.query(demo.login_request())}").text + log_in(http, demo).text
    assert set(re.findall(r'action="(http[^"]+)"', page)) == {f"{SERVICE}/saml/demo/acs"}
