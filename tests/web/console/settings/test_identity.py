"""Connecting an identity provider in the console: what is read is seen before it counts, and what is hostile is refused."""

import io
import re
from datetime import timedelta

import pytest

from records.identity import certificates
from records.identity import saml_providers as saml
from records.people import grants, users
from records.people.users import UserProfile
from records.tenants import implementations
from tests.support.saml_forge import ForgedIdp
from tests.support.vendors import reply
from tests.web.console.settings.conftest import IDP
from tests.web.console.settings.staff_people import DEMO, entries, faults, typed

OTHER = ForgedIdp("https://other.example/metadata", name="other")
#: The same provider with another key, as after a roll-over, or as an attacker who took over its metadata has it.
ROLLED = ForgedIdp("https://idp.example/metadata", name="rolled")


def provider(database):
    with database.reading() as db:
        found = saml.find(db, implementations.find(db, "demo"))
        return found, {each.sha256: each.state for each in saml.certificates(db, found)} if found else {}


def read(person, **given):
    return person.post("/provider/metadata", given, content_type="multipart/form-data")


def upload(data, name="metadata.xml"):
    return {"file": (io.BytesIO(data), name)}


def test_an_empty_implementation_gets_its_provider_from_a_file_looked_at_before_it_is_saved(administrator, database):
    empty = DEMO.replace("demo", "empty")
    administrator.get("/settings")
    token = re.search(r'name="csrf_token" value="([^"]+)"', administrator.get("/settings").text)[1]
    headers = {"Sec-Fetch-Site": "same-origin"}
    form = {"csrf_token": token, **upload(OTHER.metadata())}
    preview = administrator.http.post(
        f"{empty}/provider/metadata", data=form, headers=headers, content_type="multipart/form-data"
    )
    assert preview.status_code == 200
    assert "Nothing is saved yet" in preview.text
    assert "https://other.example/metadata" in preview.text
    with database.reading() as db:
        assert saml.find(db, implementations.find(db, "empty")) is None
    saved = administrator.http.post(f"{empty}/provider/data", data=typed(preview.text), headers=headers)
    assert saved.status_code == 303
    assert saved.location.endswith("/provider/check")
    with database.reading() as db:
        found = saml.find(db, implementations.find(db, "empty"))
        assert found.entity_id == OTHER.entity_id
        assert [each.state for each in saml.certificates(db, found)] == ["active"]
    (entry,) = entries(database, "saml.saved")
    assert entry.target == OTHER.entity_id


def test_pasted_metadata_of_the_same_provider_lets_new_certificates_wait(administrator, database, browser_for):
    preview = read(administrator, xml=ROLLED.metadata().decode())
    assert "wait until someone accepts them" in preview.text
    assert administrator.post("/provider/data", typed(preview.text)).status_code == 303
    _, states = provider(database)
    assert sorted(states.values()) == ["active", "waiting"]
    with database.reading() as db:
        demo = implementations.find(db, "demo")
        assert len(saml.certificates(db, saml.find(db, demo), state="active")) == 1
    waiting = next(sha for sha, state in states.items() if state == "waiting")
    assert "1 new certificate waits for your decision" in administrator.get("/provider").text
    answer = administrator.post(f"/provider/certificates/{waiting}/accept", follow_redirects=True)
    assert "trusted from now on" in answer.text
    assert provider(database)[1][waiting] == "active"
    assert [each.target for each in entries(database, "saml.certificate.accepted")] == [waiting]
    assert browser_for.told == ["demo", "demo"]
    old = next(sha for sha in states if sha != waiting)
    administrator.post(f"/provider/certificates/{old}/retire")
    answer = administrator.post(f"/provider/certificates/{waiting}/retire", follow_redirects=True)
    assert "Nothing was changed: the certificate is the last active one" in answer.text
    assert len(entries(database, "saml.certificate.retired")) == 1


def test_a_decision_that_is_none_or_about_nothing_changes_nothing(administrator, database):
    assert administrator.post(f"/provider/certificates/{'0' * 64}/delete").status_code == 404
    answer = administrator.post(f"/provider/certificates/{'0' * 64}/accept", follow_redirects=True)
    assert "does not belong to this identity provider" in answer.text
    assert entries(database) == []


def test_metadata_is_fetched_from_an_address_and_looked_up_again_later(administrator, database, start_vendor):
    vendor = start_vendor([reply(IDP.metadata(), content_type="application/xml"), reply(ROLLED.metadata())])
    preview = read(administrator, url=f"{vendor.url}/metadata")
    form = typed(preview.text) | {"development": "y"}
    assert administrator.post("/provider/data", form).status_code == 303
    assert provider(database)[0].metadata_url == f"{vendor.url}/metadata"
    answer = administrator.post("/provider/refresh", follow_redirects=True)
    assert "A new certificate waits for an administrator" in answer.text
    assert sorted(provider(database)[1].values()) == ["active", "waiting"]


INSIDE = (
    "https://127.0.0.1/m",
    "https://10.1.2.3/m",
    "https://169.254.169.254/latest/meta-data",
    "https://[::ffff:127.0.0.1]/m",
    "http://idp.example/m",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "https://user:pass@idp.example/m",
)


class TestWithoutLoopback:
    @pytest.fixture
    def allow_loopback(self):
        return False

    def test_metadata_from_inside_is_refused_and_the_address_stays(self, administrator):
        for url in INSIDE:
            answer = read(administrator, url=url)
            assert answer.status_code == 422, url
            assert "cannot be fetched" in faults(answer)["url"], url
            assert url in answer.text


BOMB = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"
entityID="&c;"/>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>"""


HOSTILE = {
    "bomb": BOMB,
    "outside": OUTSIDE,
    "deep": b"<a>" * 50_000,
    "bytes": b"\xff\xfe\x00",
    "text": b"no xml at all",
    "html": b"<html/>",
    "attributes": b"<x " + b'a="1" ' * 50_000 + b"/>",
}


def test_hostile_metadata_is_refused_in_plain_words(administrator):
    for name, data in HOSTILE.items():
        answer = read(administrator, **upload(data))
        assert answer.status_code == 422, name
        assert "cannot be used" in faults(answer)["file"], name
        assert "root:" not in answer.text, name


def test_an_upload_beyond_all_measure_is_not_read(administrator):
    body, kind = b"x" * (3 * 1024 * 1024 + 1), "multipart/form-data; boundary=x"
    headers = {"Sec-Fetch-Site": "same-origin"}
    answer = administrator.http.post(f"{DEMO}/provider/metadata", data=body, headers=headers, content_type=kind)
    assert answer.status_code == 413


def test_one_source_is_needed_and_one_is_enough(administrator):
    assert "one of the three is needed" in faults(read(administrator, xml=""))["file"]
    both = read(administrator, xml=OTHER.metadata().decode(), **upload(OTHER.metadata()))
    assert "one of the three is enough" in faults(both)["xml"]


def test_hostile_values_in_good_metadata_stay_words(administrator):
    evil = ForgedIdp("https://idp.example/<script>alert(1)</script>", name="evil")
    answer = read(administrator, **upload(evil.metadata()))
    assert "<script>alert" not in answer.text


def test_by_hand_every_fault_stands_at_its_field(administrator, database):
    form = administrator.form("/provider/data")
    wrong = {"entity_id": "", "sso_url": "ftp://x", "slo_url": "javascript:alert(1)", "certificates": "no certificate"}
    said = faults(administrator.post("/provider/data", form | wrong | {"people": "same"}))
    assert set(said) == {"entity_id", "sso_url", "slo_url"}
    good = {"entity_id": IDP.entity_id, "certificates": "no certificate"}
    answer = administrator.post("/provider/data", form | good)
    assert "cannot be read as a certificate" in faults(answer)["certificates"]
    assert "no certificate" in answer.text
    assert entries(database) == []


def people_of(database):
    with database.reading() as db:
        return users.find(db, implementations.find(db, "demo"), "ada").provider


@pytest.mark.parametrize("answer", ["same", "other"])
def test_another_provider_needs_an_answer_to_whose_people_they_are(administrator, database, answer):
    preview = read(administrator, **upload(OTHER.metadata()))
    assert "This is another provider" in preview.text
    form = typed(preview.text)
    asked = administrator.post("/provider/data", form)
    assert "must be answered" in faults(asked)["people"]
    assert provider(database)[0].entity_id == IDP.entity_id
    assert administrator.post("/provider/data", form | {"people": answer}).status_code == 303
    found, states = provider(database)
    assert found.entity_id == OTHER.entity_id
    assert list(states.values()) == ["active"]
    assert people_of(database) == (OTHER.entity_id if answer == "same" else IDP.entity_id)
    assert entries(database, "saml.saved")[0].detail["people"]["are"] == answer


def test_attributes_are_mapped_with_the_names_that_were_seen(administrator, database):
    with database.session() as db:
        profile = UserProfile(attributes={"urn:oid:2.5.4.42": "Ada", "memberNumber": "7"})
        users.remember(db, implementations.find(db, "demo"), "new", profile, provider=IDP.entity_id)
    text = administrator.get("/provider/attributes").text
    assert "<code>urn:oid:2.5.4.42</code>" in text
    form = administrator.form("/provider/attributes")
    form |= {"subject_attribute": "memberNumber", "badge_id": "badge\nurn:oid:1.2.3\n"}
    assert administrator.post("/provider/attributes", form).status_code == 303
    found, states = provider(database)
    assert found.subject_attribute == "memberNumber"
    assert found.attribute_map["badge_id"] == ["badge", "urn:oid:1.2.3"]
    assert list(states.values()) == ["active"]
    assert entries(database, "saml.saved")[0].detail["subject_attribute"] == ["", "memberNumber"]
    said = administrator.post("/provider/attributes", form | {"username": "x" * 300})
    assert said.status_code == 422
    assert "x" * 300 in said.text


def test_what_another_subject_means_is_said_as_it_is(administrator, database):
    said = administrator.get("/provider/attributes").text
    assert "A role granted to a username applies to the old and to the new person" in said
    assert "people who are locked out can log in again" in said
    with database.session() as db:
        demo = implementations.find(db, "demo")
        old = users.find(db, demo, "olga")
        users.disable(db, old, "for the tests")
        new = users.remember(db, demo, "4711", UserProfile(old.username), provider=IDP.entity_id)
        assert "organizer" in grants.roles_of(db, demo, new, "saml")
        users.enable(db, old)
        assert "organizer" in grants.roles_of(db, demo, old, "saml")


def test_switches_say_the_danger_and_are_audited(administrator, database):
    text = administrator.get("/provider/policy").text
    assert "a stranger can log an attendee in as another person" in text.replace("\n", " ")
    administrator.post("/provider/policy", {"allow_cbc": "y"})
    found, _ = provider(database)
    assert (found.allow_cbc, found.allow_unsolicited, found.accept_response_signature) == (True, False, False)
    assert entries(database, "saml.saved")[0].detail == {"allow_cbc": [False, True]}


def test_our_keys_are_published_first_and_switched_then(administrator, database):
    before = administrator.get("/provider/certificate.pem").text
    to_encrypt_for = administrator.get("/provider/encryption-certificate.pem").text
    assert before.startswith("-----BEGIN CERTIFICATE-----")
    assert to_encrypt_for.startswith("-----BEGIN CERTIFICATE-----")
    assert before != to_encrypt_for
    answer = administrator.post("/provider/keys/switch", follow_redirects=True)
    assert "Nothing was changed" in answer.text
    administrator.post("/provider/keys/next")
    assert "published, not in use yet" in administrator.get("/provider").text
    assert administrator.get("/provider/certificate.pem").text == before
    following = administrator.get("/provider/encryption-certificate.pem").text
    next_signing = administrator.get("/provider/certificate.pem?which=next").text
    assert "certificate.pem?which=next" in administrator.get("/provider").text
    assert following != to_encrypt_for
    administrator.post("/provider/keys/switch")
    assert before != administrator.get("/provider/certificate.pem").text == next_signing
    assert administrator.get("/provider/encryption-certificate.pem").text == following
    assert [each.action for each in entries(database)] == ["saml.key.switched", "saml.key.published"]
    assert "PRIVATE" not in administrator.get("/provider").text


def test_a_certificate_of_ours_which_ends_soon_is_on_the_list_of_what_to_do(administrator, database, box, monkeypatch):
    assert "expires soon" not in administrator.get("/").text
    monkeypatch.setattr(certificates, "OWN_LASTS", timedelta(days=20))
    with database.session() as db:
        saml.new_sp_keys(db, box, implementations.find(db, "demo"))
    assert "One of our certificates has expired or expires soon" in administrator.get("/").text
    assert administrator.get("/provider").text.count("expires soon:") == 2


def test_a_provider_is_removed_after_one_question_that_says_who_is_locked_out(administrator, database):
    text = administrator.get("/provider/remove").text
    assert "neither attendees nor organizers" in text
    administrator.post("/provider/remove")
    assert provider(database) == (None, {})
    assert entries(database, "saml.removed")[0].target == IDP.entity_id
    assert administrator.post("/provider/policy", {}).status_code == 404


def test_where_no_provider_is_connected_there_is_none_to_remove(administrator, database):
    administrator.post("/provider/remove")
    for answer in (administrator.get("/provider/remove"), administrator.post("/provider/remove")):
        assert (answer.status_code, "No identity provider is connected" in answer.text) == (404, True)
    assert len(entries(database, "saml.removed")) == 1
