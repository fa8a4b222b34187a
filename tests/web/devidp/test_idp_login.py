"""Logging in at the development identity provider: the page, what is issued, and who accepts that."""

import logging
import re

import pytest
from lxml import etree
from signxml import XMLVerifier
from signxml.verifier import SignatureConfiguration

from tests.web.devidp.sender import URL, form_of, log_in, message_of
from web.devidp.identity import ENTITY_ID
from web.devidp.sample_people import PEOPLE

NS = {
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
ROLES = {"attendee", "scanner", "organizer", "author", "reviewer", "administrator"}


def status(page):
    return [one.rpartition(":")[2] for one in re.findall(r'StatusCode Value="([^"]+)"', message_of(page).decode())]


def test_the_page_offers_somebody_for_every_role_and_warns(http, demo, caplog):
    page = http.get(f"/sso?{demo.query(demo.login_request())}")
    assert page.status_code == 200
    assert "Anyone can log in as anyone" in page.text
    assert {person.role for person in PEOPLE} == ROLES
    assert sum(person.role == "attendee" for person in PEOPLE) == 3
    for person in PEOPLE:
        assert f'aria-label="Log in as {person.name}"' in page.text
        assert person.role in page.text


def test_the_staff_of_the_service_stand_first_where_they_belong(http, demo, staff):
    def first(sender):
        return re.search(r"<h2>([^<]+)", http.get(f"/sso?{sender.query(sender.login_request())}").text).group(1)

    assert (first(demo), first(staff)) == ("People of the conference", "Staff of the service")


def test_the_chosen_person_is_posted_to_the_implementation_with_its_relay_state(http, demo, caplog):
    with caplog.at_level(logging.WARNING):
        page = log_in(http, demo)
    action, fields = form_of(page.text)
    assert action == f"{demo.base}/acs"
    assert fields["RelayState"] == "handle"
    assert "Continue" in page.text
    assert "send.js" in page.text
    root = etree.fromstring(message_of(page.text))
    told = {one.get("Name"): one.findtext("saml:AttributeValue", namespaces=NS) for one in root.iter("{*}Attribute")}
    assert told == {
        "uid": "mchen",
        "givenName": "Mei",
        "sn": "Chen",
        "mail": "mchen@example.org",
        "userType": "attendee",
        "badgeId": "100165",
        "memberNumber": "165",
    }
    assert "mchen, without any proof" in caplog.text


def test_answer_and_assertion_are_signed_and_a_second_library_accepts_both(http, demo, idp):
    raw = message_of(log_in(http, demo).text)
    root = etree.fromstring(raw)
    for wanted, where in (("Response", "./"), ("Assertion", f"./{{{NS['saml']}}}Assertion/")):
        rules = SignatureConfiguration(location=where, expect_references=1)
        verified = XMLVerifier().verify(
            root, x509_cert=idp.certificate_pem, expect_config=rules, id_attribute="ID", uri_resolver=None
        )
        assert verified.signed_xml.tag.endswith(f"}}{wanted}")
    methods = set(re.findall(rb'Algorithm="([^"]+)"', raw))
    assert methods == {
        b"http://www.w3.org/2001/10/xml-exc-c14n#",
        b"http://www.w3.org/2000/09/xmldsig#enveloped-signature",
        b"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        b"http://www.w3.org/2001/04/xmlenc#sha256",
    }


def test_a_name_is_the_same_at_each_login_and_another_for_each_implementation(http, demo, staff):
    def name(sender, person):
        http.delete_cookie("development-identity-provider", domain="127.0.0.1")
        return etree.fromstring(message_of(log_in(http, sender, person).text)).find(".//saml:NameID", NS).text

    assert name(demo, "mchen") == name(demo, "mchen")
    assert len({name(demo, "mchen"), name(staff, "mchen"), name(demo, "jokafor")}) == 3


def test_a_second_login_is_silent_until_somebody_switches(http, demo, staff):
    log_in(http, demo)
    address = f"/sso?{staff.query(staff.login_request())}"
    silent = http.get(address).text
    assert form_of(silent)[0] == f"{staff.base}/acs"
    switch = re.search(r'href="([^"]+switch=yes)"', silent).group(1).replace("&amp;", "&")
    assert "Who do you want to be?" in http.get(switch).text
    assert http.post("/forget").status_code == 303
    assert "Who do you want to be?" in http.get(address).text


def test_a_fresh_login_always_asks_and_is_as_new_as_it_says(http, demo):
    before = message_of(log_in(http, demo).text)
    again = f"/sso?{demo.query(demo.login_request(ForceAuthn='true'))}"
    assert "to be sure that it is you" in http.get(again).text
    after = message_of(http.post(again, data={"person": "mchen"}).text)
    index = re.compile(rb'SessionIndex="([^"]+)"')
    assert index.search(before).group(1) != index.search(after).group(1)


@pytest.mark.parametrize(
    ("changes", "data", "expected"),
    [
        ({"IsPassive": "true"}, None, "NoPassive"),
        ({}, {"nobody": "yes"}, "AuthnFailed"),
        (
            {"inner": '<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient"/>'},
            None,
            "InvalidNameIDPolicy",
        ),
    ],
)
def test_a_login_that_does_not_happen_is_answered_without_an_assertion(http, demo, changes, data, expected):
    address = f"/sso?{demo.query(demo.login_request(**changes))}"
    page = (http.post(address, data=data) if data else http.get(address)).text
    assert status(page) == ["Responder", expected]
    assert b"Assertion" not in message_of(page).replace(b"SAML:2.0:assertion", b"")


def test_the_metadata_says_who_it_is_and_is_signed(http, idp):
    answer = http.get("/metadata")
    root = etree.fromstring(answer.data)
    assert root.get("entityID") == ENTITY_ID
    assert {one.get("Location") for one in root.iter("{*}SingleSignOnService")} == {f"{URL}/sso"}
    verified = XMLVerifier().verify(
        root,
        x509_cert=idp.certificate_pem,
        id_attribute="ID",
        expect_config=SignatureConfiguration(location="./", expect_references=1),
    )
    assert verified.signed_xml.tag.endswith("}EntityDescriptor")
    assert "PRIVATE" not in answer.text


def test_the_first_page_says_what_it_is_and_who_is_logged_in(http, demo):
    assert "No one is logged in here" in http.get("/").text
    log_in(http, demo)
    page = http.get("/").text
    assert "You are <bdi>Mei Chen</bdi>" in page
    assert "You are logged in to: demo" in page
