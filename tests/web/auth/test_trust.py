"""Keeping a provider up to date: metadata from a file, from its address, and decisions by an administrator."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from lxml import etree

from records import SamlDraft, audit
from records.audit import AuditContext
from records.identity import certificates
from records.identity import saml_providers as saml
from records.tenants import implementations
from runner.powers.outbound_requests import FetchedDocument, OutboundRequestFailed
from tests.support.certificates import certificate
from tests.support.saml_browser import IDP, connect
from tests.support.saml_forge import ForgedIdp, sign_element
from web.auth.saml import metadata_import
from web.auth.saml.metadata_import import MetadataRefused, ProvidedMetadata, fetch_metadata, import_metadata
from web.cli import main
from web.cli.operate import doctor
from web.time_format import TimeFormatter

NEXT = ForgedIdp(IDP.entity_id, name="the next key")
URL = "https://idp.example/metadata"
SOON = datetime.now(UTC) + timedelta(days=29)


class Publishing:
    """Stands for the network: answers with what a test put here. The real requests have tests of their own."""

    def __init__(self, body=b"", status=200, fault=""):
        self.body, self.status, self.fault = body, status, fault
        self.asked = []

    def fetch(self, url, **_):
        self.asked.append(url)
        if self.fault:
            raise OutboundRequestFailed("refused", self.fault)
        return FetchedDocument(self.status, {}, self.body)


def moved(idp, address="https://elsewhere.example/sso"):
    """The provider's metadata with another login address."""
    return idp.metadata().replace(idp.sso_url.encode(), address.encode())


def brought(database, box, xml, slug="demo", **more):
    given, by = ProvidedMetadata(xml, **more), AuditContext("kim")
    with database.session() as db:
        return import_metadata(db, box, implementations.find(db, slug), given, by, environment="development").value


def refresh(database, outbound, slug, *, by):
    """Refresh as the edges do: fetched outside of the transaction that takes it in."""
    fetched = metadata_import.fetch_again(database, outbound, slug)
    with database.session() as db:
        return metadata_import.refresh(db, fetched, AuditContext(by)).value


def states(database, slug="demo"):
    with database.reading() as db:
        provider = saml.find(db, implementations.find(db, slug))
        return {one.sha256: one.state for one in saml.certificates(db, provider)}


@pytest.fixture
def at_its_address(database, box):
    """The provider of `demo` names where its metadata is."""
    with database.session() as db:
        connect(db, box, "demo", IDP, metadata_url=URL)
    return database


def test_the_first_metadata_connects_a_provider(database, box):
    upkeep = brought(database, box, IDP.metadata(), "empty", url=URL)
    assert upkeep.changed
    assert "is connected, with 1 certificate" in upkeep.words[0]
    with database.reading() as db:
        provider = saml.find(db, implementations.find(db, "empty"))
        entry = audit.recent(db)[0]
    assert (provider.sso_url, provider.slo_url, provider.metadata_url) == (IDP.sso_url, IDP.slo_url, URL)
    assert list(states(database, "empty").values()) == ["active"]
    assert (entry.action, entry.actor, entry.implementation) == ("saml.metadata.imported", "kim", "empty")


def test_a_new_certificate_waits_even_when_an_administrator_brings_the_metadata(database, box):
    upkeep = brought(database, box, NEXT.metadata(certificates=[IDP.certificate, NEXT.certificate]))
    assert len(upkeep.waiting) == 1
    assert upkeep.attention
    assert sorted(states(database).values()) == ["active", "waiting"]


def test_an_administrator_brings_new_addresses(database, box):
    upkeep = brought(database, box, moved(IDP))
    assert upkeep.words == ("The addresses were taken over from the metadata.",)
    with database.reading() as db:
        assert saml.find(db, implementations.find(db, "demo")).sso_url == "https://elsewhere.example/sso"


def test_the_same_metadata_again_changes_nothing(database, box):
    upkeep = brought(database, box, IDP.metadata())
    assert (upkeep.words, upkeep.changed, upkeep.attention) == (("Nothing has changed.",), False, False)


@pytest.mark.parametrize(
    "xml",
    [
        ForgedIdp("https://another.example/metadata").metadata(),
        b"<not/>",
        b"rubbish",
        b"",
        b"<!DOCTYPE x [<!ENTITY y 'z'>]>" + IDP.metadata(),
        IDP.metadata(valid_until="2020-01-01T00:00:00Z"),
        IDP.metadata(sso_binding="HTTP-POST"),
        moved(IDP, "http://idp.example/sso"),
        moved(IDP, "javascript:alert(1)"),
        IDP.metadata() + b" " * 3_000_000,
    ],
    ids=["another", "no metadata", "rubbish", "nothing", "entities", "over", "by post", "http", "script", "huge"],
)
def test_metadata_that_cannot_be_trusted_changes_nothing(database, box, xml):
    with pytest.raises(MetadataRefused) as refused:
        brought(database, box, xml)
    assert str(refused.value)
    assert list(states(database).values()) == ["active"]


def test_a_refresh_lets_a_new_certificate_wait_once(at_its_address):
    publishing = Publishing(NEXT.metadata(certificates=[IDP.certificate, NEXT.certificate]))
    upkeep = refresh(at_its_address, publishing, "demo", by="timer")
    assert publishing.asked == [URL]
    assert upkeep.attention
    assert sorted(states(at_its_address).values()) == ["active", "waiting"]
    again = refresh(at_its_address, publishing, "demo", by="timer")
    assert (again.changed, again.waiting) == (False, ())
    assert again.attention  # nobody has decided yet, so the timer goes on saying so
    assert "A new certificate waits" in again.words[0]
    with at_its_address.reading() as db:
        assert [entry.action for entry in audit.recent(db)] == ["saml.metadata.refreshed"]


@pytest.mark.parametrize(("signer", "vouched"), [(IDP, True), (NEXT, False), (None, False)])
def test_whoever_judges_a_new_certificate_is_told_that_the_metadata_is_signed_by_the_one_believed(
    at_its_address, signer, vouched
):
    document = NEXT.metadata(certificates=[IDP.certificate, NEXT.certificate])
    if signer:
        root = etree.fromstring(document.replace(b" entityID", b' ID="_m" entityID', 1))
        sign_element(root, signer.key, signer.certificate, first=True)
        document = etree.tostring(root)
    upkeep = refresh(at_its_address, Publishing(document), "demo", by="timer")
    assert ("signed with a certificate that is active here" in " ".join(upkeep.words)) == vouched
    assert sorted(states(at_its_address).values()) == ["active", "waiting"]


def test_a_refresh_tells_of_other_addresses_and_missing_certificates_and_leaves_them(at_its_address):
    upkeep = refresh(at_its_address, Publishing(moved(NEXT)), "demo", by="timer")
    told = " ".join(upkeep.words)
    assert "The login address is https://elsewhere.example/sso in the metadata" in told
    assert "is not in the metadata any more" in told
    with at_its_address.reading() as db:
        assert saml.find(db, implementations.find(db, "demo")).sso_url == IDP.sso_url
    assert sorted(states(at_its_address).values()) == ["active", "waiting"]


def test_of_a_federations_metadata_the_one_provider_is_taken(at_its_address):
    inner = IDP.metadata() + ForgedIdp("https://another.example/metadata").metadata()
    whole = (
        b'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata">' + inner + b"</md:EntitiesDescriptor>"
    )
    assert refresh(at_its_address, Publishing(whole), "demo", by="timer").words == ("Nothing has changed.",)


@pytest.mark.parametrize(
    "publishing",
    [
        Publishing(ForgedIdp("https://another.example/metadata").metadata()),
        Publishing(IDP.metadata(), status=302),
        Publishing(b"", status=404),
        Publishing(fault="The address leads to a private network."),
    ],
    ids=["another", "redirect", "gone", "private"],
)
def test_a_refresh_that_cannot_be_trusted_changes_nothing(at_its_address, publishing):
    with pytest.raises(MetadataRefused):
        refresh(at_its_address, publishing, "demo", by="timer")
    assert list(states(at_its_address).values()) == ["active"]


def test_what_was_uploaded_has_no_address_to_be_fetched_from(database):
    with pytest.raises(MetadataRefused, match="uploaded"):
        refresh(database, Publishing(), "demo", by="timer")
    with pytest.raises(MetadataRefused, match="no identity provider"):
        refresh(database, Publishing(), "empty", by="timer")


def test_a_fault_of_the_network_is_told_in_its_words():
    with pytest.raises(MetadataRefused, match="The name could not be found"):
        fetch_metadata(Publishing(fault="The name could not be found."), URL)


@pytest.fixture
def cli(tmp_path, database, valkey_url):
    """The command line on these records."""

    def run(*arguments):
        env = {
            "SESSION_STATUS_ENV": "development",
            "SESSION_STATUS_DATA_FOLDER": str(tmp_path),
            "DATABASE_URL": f"sqlite:///{database.engine.url.database}",
            "REDIS_URL": valkey_url,
            "SESSION_STATUS_SECRET_KEY": "k" * 40,
        }
        return CliRunner().invoke(main, ["saml", *arguments], env=env)

    return run


def test_the_command_shows_both_sides_and_no_key(cli):
    found = json.loads(cli("show", "demo", "--json").stdout)
    assert found["entity_id"] == IDP.entity_id
    assert found["our_acs_url"].endswith("/saml/demo/acs")
    assert found["certificates"][0]["state"] == "active"
    shown = cli("show", "demo").stdout
    assert "PRIVATE" not in shown
    assert "active" in shown
    assert "There is no certificate yet." in cli("show", "empty").stdout


def test_the_command_imports_and_says_by_its_exit_status_whether_somebody_has_to_act(cli, tmp_path):
    file = tmp_path / "metadata.xml"
    file.write_bytes(IDP.metadata())
    assert cli("import", "empty", str(file)).exit_code == 0
    file.write_bytes(NEXT.metadata())
    result = cli("import", "empty", str(file))
    assert result.exit_code == 1
    assert "waits for an administrator" in result.stdout
    file.write_text("rubbish")
    assert cli("import", "empty", str(file)).exit_code == 2


def test_the_command_refreshes_all_and_goes_on_when_one_fails(cli, at_its_address, box):
    result = cli("refresh")
    assert result.exit_code == 1  # nobody answers there
    assert "demo: The metadata could not be fetched" in result.stderr
    assert cli("refresh", "nowhere").exit_code == 2


def test_with_no_address_there_is_nothing_to_refresh(cli):
    result = cli("refresh")
    assert (result.exit_code, result.stdout) == (0, "No identity provider has a metadata address.\n")


def test_certificates_that_end_soon_are_told_by_the_timer_and_by_the_doctor(cli, database, box, monkeypatch):
    with database.session() as db:
        theirs = SamlDraft(
            "https://late.example", "https://late.example/sso", certificates=(certificate("l", ends=SOON),)
        )
        other = implementations.find(db, "other")
        saml.save(db, box, other, theirs, by="tests")
        until = TimeFormatter.of(other).exact(SOON)
        monkeypatch.setattr(certificates, "OWN_LASTS", timedelta(days=20))
        saml.new_sp_keys(db, box, implementations.find(db, "demo"))
    result = cli("refresh")
    assert result.exit_code == 1
    told = [f"other: a certificate of its identity provider expires at {until}."]
    told += [f"demo: our {use} certificate expires at" for use in ("signing", "encryption")]
    assert [line.startswith(words) for line, words in zip(result.stdout.splitlines(), told, strict=False)] == [True] * 3
    lines = [line.found for line in doctor.certificate_lines(database)]
    assert [("of other" in line, "for demo" in line) for line in lines] == [(True, False), (False, True), (False, True)]


def test_fingerprints_are_written_as_people_compare_them(at_its_address):
    upkeep = refresh(at_its_address, Publishing(moved(NEXT)), "demo", by="timer")
    assert all(
        re.search(r"SHA-256 [0-9A-F]{2}(:[0-9A-F]{2}){31}\b", line) for line in upkeep.words if "SHA-256" in line
    )
    assert any("SHA-256" in line for line in upkeep.words)
