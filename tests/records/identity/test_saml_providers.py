"""A SAML provider, its certificates and our keys: what is believed, and who has to decide it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import text
from sqlalchemy.orm import Session

from records import (
    Conflict,
    Database,
    Implementation,
    RuleViolation,
    SamlDraft,
    SamlProvider,
    SecretBox,
    SecretNotOpened,
)
from records.identity import certificates
from records.identity import saml_providers as saml
from records.tenants import implementations
from tests.support.certificates import certificate, ready_keys

FIRST, SECOND, THIRD = (certificate(name) for name in ("first", "second", "third"))
DRAFT = SamlDraft(
    "https://idp.example.org/metadata", "https://idp.example.org/sso", "https://idp.example.org/slo", (FIRST,)
)


@pytest.fixture(autouse=True)
def quick_keys() -> Iterator[None]:
    with ready_keys():
        yield


@pytest.fixture
def provider(db: Session, box: SecretBox, demo: Implementation) -> SamlProvider:
    return saml.save(db, box, demo, DRAFT, "me")


def fingerprint(pem: str) -> str:
    return certificates.read(pem).sha256


def states(db: Session, provider: SamlProvider) -> dict[str, str]:
    names = {fingerprint(pem): name for pem, name in ((FIRST, "first"), (SECOND, "second"), (THIRD, "third"))}
    return {names[one.sha256]: one.state for one in saml.certificates(db, provider)}


def test_saved_provider_opens_with_all_its_values(database: Database, box: SecretBox, demo: Implementation):
    changed = replace(
        DRAFT,
        metadata_url="https://idp.example.org/metadata?x=1",
        attribute_map={"username": ["mail", " mail ", "uid"], "badge_id": []},
        subject_attribute="uid",
        allow_cbc=True,
    )
    with database.session() as db:
        saml.save(db, box, demo, changed, "me")
    with database.reading() as db:
        opened = saml.opened(db, box, demo)
        assert opened is not None
        assert (opened.implementation, opened.entity_id, opened.sso_url) == ("demo", DRAFT.entity_id, DRAFT.sso_url)
        assert (opened.attribute_map, opened.subject_attribute) == (
            {"username": ["mail", "uid"], "badge_id": []},
            "uid",
        )
        switches = (opened.accept_response_signature, opened.allow_cbc, opened.allow_unsolicited, opened.development)
        assert switches == (False, True, False, False)
        assert opened.certificates == (FIRST,)
        assert (opened.keys.next_signing, opened.keys.next_encryption) == (None, None)
        assert fits(opened.keys.signing)
        assert fits(opened.keys.encryption)
        assert opened.keys.signing.key != opened.keys.encryption.key


def fits(pair: saml.KeyPair | None) -> bool:
    if pair is None:
        return False
    private = load_pem_private_key(pair.key.encode(), None)
    return private.public_key() == x509.load_pem_x509_certificate(pair.certificate.encode()).public_key()


def test_no_key_is_in_a_representation_or_readable_in_the_database(
    database: Database, box: SecretBox, demo: Implementation
):
    with database.session() as db:
        row = saml.save(db, box, demo, DRAFT, "me")
        saml.roll_sp_key(db, box, row)
        shown = repr([row, saml.opened(db, box, demo), saml.sp_keys(db, box, demo), saml.certificates(db, row)])
        stored = repr(db.execute(text("SELECT * FROM saml_sp_keys")).all())
    assert "PRIVATE KEY" not in shown + stored


def test_our_keys_are_there_before_anything_is_known_of_the_provider_and_stay(
    database: Database, box: SecretBox, demo: Implementation
):
    with database.reading() as db:
        assert saml.sp_keys_if_made(db, box, demo) is None
    with database.session() as db:
        before = saml.sp_keys(db, box, demo)
    with database.session() as db:
        saml.save(db, box, demo, DRAFT, "me")
        opened = saml.opened(db, box, demo)
        assert opened is not None
        assert opened.keys == before
        saml.remove(db, demo)
        assert saml.opened(db, box, demo) is None
        assert saml.sp_keys_if_made(db, box, demo) == before


def test_keys_asked_for_by_many_at_once_are_the_same(database: Database, box: SecretBox, demo: Implementation):
    def ask(_: int) -> saml.SpKeys:
        with database.session() as db:
            return saml.sp_keys(db, box, demo)

    with ThreadPoolExecutor(3) as pool:
        assert len(set(pool.map(ask, range(3)))) == 1


def test_our_keys_are_changed_together_in_two_steps(
    db: Session, box: SecretBox, demo: Implementation, provider: SamlProvider
):
    old = saml.sp_keys(db, box, demo)
    with pytest.raises(RuleViolation, match="sp_key: has no next"):
        saml.switch_sp_key(db, box, provider)
    saml.roll_sp_key(db, box, provider)
    both = saml.sp_keys(db, box, demo)
    assert (both.signing, both.encryption) == (old.signing, old.encryption)
    assert fits(both.next_signing)
    assert fits(both.next_encryption)
    saml.roll_sp_key(db, box, provider)
    assert saml.sp_keys(db, box, demo) == both
    saml.switch_sp_key(db, box, provider)
    new = saml.sp_keys(db, box, demo)
    assert (new.signing, new.encryption) == (both.next_signing, both.next_encryption)
    assert (new.next_signing, new.next_encryption) == (None, None)


@pytest.mark.parametrize(
    "theft",
    [
        "UPDATE saml_sp_keys SET implementation_id = (SELECT id FROM implementations WHERE slug = 'other')",
        f"UPDATE saml_sp_keys SET sha256 = '{'0' * 64}'",
        "UPDATE saml_sp_keys SET use = 'encryption', state = 'next' WHERE use = 'signing'",
    ],
)
def test_our_key_opens_for_its_implementation_certificate_and_use_only(
    database: Database, box: SecretBox, demo: Implementation, theft: str
):
    with database.session() as db:
        other = implementations.create(db, "other", "Other")
        saml.sp_keys(db, box, demo)
        db.execute(text(theft))
    with database.reading() as db:
        owner = other if "other" in theft else demo
        with pytest.raises(SecretNotOpened, match=f"SAML key of {owner.slug}"):
            saml.sp_keys_if_made(db, box, owner)


def test_wrong_key_names_the_implementation_and_what_to_do(db: Session, demo: Implementation, provider: SamlProvider):
    with pytest.raises(SecretNotOpened, match=r"SAML key of demo.*SESSION_STATUS_SECRET_KEYS_OLD"):
        saml.opened(db, SecretBox(["another key of at least 32 characters"]), demo)


def test_key_that_does_not_open_any_more_can_be_replaced(
    db: Session, box: SecretBox, demo: Implementation, provider: SamlProvider
):
    saml.roll_sp_key(db, box, provider)
    old = saml.sp_keys(db, box, demo)
    new_box = SecretBox(["another key of at least 32 characters"])
    with pytest.raises(SecretNotOpened, match="saml new-key demo"):
        saml.save(db, new_box, demo, DRAFT, "me")
    new = saml.new_sp_keys(db, new_box, demo)
    assert fits(new.signing)
    assert fits(new.encryption)
    assert new.signing.certificate not in {pair.certificate for pair in vars(old).values()}
    assert new.next_signing is None
    assert saml.opened(db, new_box, demo).keys == new


def test_certificate_found_in_metadata_waits_and_is_not_believed(
    db: Session, box: SecretBox, demo: Implementation, provider: SamlProvider
):
    new = saml.propose(db, provider, [FIRST, SECOND, SECOND])
    assert [one.sha256 for one in new] == [fingerprint(SECOND)]
    assert saml.propose(db, provider, [SECOND]) == []
    assert states(db, provider) == {"first": "active", "second": "waiting"}
    assert saml.opened(db, box, demo).certificates == (FIRST,)


def test_roll_over_old_and_new_are_believed_until_the_old_is_retired(
    db: Session, box: SecretBox, demo: Implementation, provider: SamlProvider
):
    saml.propose(db, provider, [SECOND])
    accepted = saml.accept(db, provider, fingerprint(SECOND), "kim")
    assert (accepted.decided_by, accepted.state) == ("kim", "active")
    assert saml.opened(db, box, demo).certificates == (FIRST, SECOND)
    saml.retire(db, provider, fingerprint(FIRST).upper(), "kim")
    assert saml.opened(db, box, demo).certificates == (SECOND,)


def test_refused_or_retired_certificate_is_not_proposed_again(db: Session, provider: SamlProvider):
    saml.propose(db, provider, [SECOND])
    saml.refuse(db, provider, fingerprint(SECOND), "kim")
    assert saml.propose(db, provider, [SECOND]) == []
    assert states(db, provider) == {"first": "active", "second": "retired"}


def test_last_active_certificate_is_not_retired(db: Session, provider: SamlProvider):
    saml.propose(db, provider, [SECOND])
    with pytest.raises(RuleViolation, match="last active"):
        saml.retire(db, provider, fingerprint(FIRST), "kim")
    assert states(db, provider) == {"first": "active", "second": "waiting"}


def test_of_two_who_retire_the_last_two_certificates_at_once_one_is_refused(
    database: Database, box: SecretBox, demo: Implementation
):
    with database.session() as db:
        provider = saml.save(db, box, demo, replace(DRAFT, certificates=(FIRST, SECOND)), "me")

    def retire(pem: str) -> bool:
        try:
            with database.session() as db:
                saml.retire(db, provider, fingerprint(pem), "kim")
        except RuleViolation:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(retire, (FIRST, SECOND))) == [False, True]


@pytest.mark.parametrize(
    ("act", "which", "reason"),
    [
        (saml.accept, FIRST, "is active"),
        (saml.refuse, FIRST, "is active"),
        (saml.retire, SECOND, "is waiting"),
        (saml.accept, THIRD, "does not belong to"),
        (saml.retire, THIRD, "does not belong to"),
    ],
)
def test_decision_that_does_not_fit_the_certificates_state_is_refused(
    db: Session, provider: SamlProvider, act: Any, which: str, reason: str
):
    saml.propose(db, provider, [SECOND])
    with pytest.raises(RuleViolation, match=f"certificate: {reason}"):
        act(db, provider, fingerprint(which), "kim")


def test_certificate_of_another_implementations_provider_cannot_be_decided_on(
    db: Session, box: SecretBox, provider: SamlProvider
):
    other = saml.save(db, box, implementations.create(db, "other", "Other"), DRAFT, "me")
    saml.propose(db, other, [SECOND])
    with pytest.raises(RuleViolation, match="does not belong to"):
        saml.accept(db, provider, fingerprint(SECOND), "kim")


def test_certificates_entered_by_hand_become_active_and_the_others_stay(
    db: Session, box: SecretBox, demo: Implementation, provider: SamlProvider
):
    saml.propose(db, provider, [SECOND])
    saml.save(db, box, demo, replace(DRAFT, certificates=(SECOND, THIRD)), "kim")
    assert states(db, provider) == dict.fromkeys(("first", "second", "third"), "active")
    saml.retire(db, provider, fingerprint(FIRST), "kim")
    saml.save(db, box, demo, replace(DRAFT, certificates=(FIRST,)), "kim")
    assert states(db, provider)["first"] == "active"


def test_change_without_certificates_keeps_them(
    db: Session, box: SecretBox, demo: Implementation, provider: SamlProvider
):
    again = saml.save(db, box, demo, replace(DRAFT, certificates=(), allow_unsolicited=True), "kim")
    assert (again.id, again.changed_by, again.allow_unsolicited) == (provider.id, "kim", True)
    assert states(db, provider) == {"first": "active"}


def test_another_entity_id_is_another_provider_whose_certificates_must_be_given(
    db: Session, box: SecretBox, demo: Implementation, provider: SamlProvider
):
    elsewhere = replace(DRAFT, entity_id="https://other.example.org/metadata", certificates=())
    with pytest.raises(RuleViolation, match="certificates: are missing"):
        saml.save(db, box, demo, elsewhere, "me")
    assert saml.find(db, demo).entity_id == DRAFT.entity_id
    saml.save(db, box, demo, replace(elsewhere, certificates=(SECOND,)), "me")
    assert saml.opened(db, box, demo).certificates == (SECOND,)


def test_first_save_needs_a_certificate(db: Session, box: SecretBox, demo: Implementation):
    with pytest.raises(RuleViolation, match="certificates: are missing"):
        saml.save(db, box, demo, replace(DRAFT, certificates=()), "me")
    assert saml.find(db, demo) is None


def test_more_certificates_than_anybody_has_are_refused(db: Session, provider: SamlProvider):
    with pytest.raises(RuleViolation, match="at most 10"):
        saml.propose(db, provider, [certificate(str(n)) for n in range(10)])


def test_weak_and_unreadable_certificates_are_all_named_and_nothing_is_stored(
    db: Session, box: SecretBox, demo: Implementation
):
    weak = certificate("weak", key=rsa.generate_private_key(65537, 1024))
    with pytest.raises(RuleViolation) as caught:
        saml.save(db, box, demo, replace(DRAFT, certificates=(FIRST, weak, "nonsense")), "me")
    assert [fault.reason.split()[:2] for fault in caught.value.faults] == [["the", "second"], ["the", "third"]]
    assert "1024 bits" in caught.value.reason
    assert saml.find(db, demo) is None


def test_certificates_which_end_soon_are_told_of_all_implementations(db: Session, box: SecretBox, demo: Implementation):
    other = implementations.create(db, "other", "Other")
    now = datetime.now(UTC)
    soon, gone, later = (certificate(str(days), ends=now + timedelta(days=days)) for days in (29, -1, 31))
    saml.save(db, box, demo, replace(DRAFT, certificates=(soon, later)), "me")
    theirs = saml.save(db, box, other, replace(DRAFT, certificates=(later, gone)), "me")
    assert [one.sha256 for one in saml.expiring(db)] == [fingerprint(gone), fingerprint(soon)]
    saml.retire(db, theirs, fingerprint(gone), "kim")
    assert [one.implementation_id for one in saml.expiring(db)] == [demo.id]


def test_our_own_certificates_which_end_soon_are_told_but_not_those_that_are_next(
    db: Session, box: SecretBox, demo: Implementation, provider: SamlProvider, monkeypatch: pytest.MonkeyPatch
):
    assert saml.own_expiring(db) == []
    monkeypatch.setattr(certificates, "OWN_LASTS", timedelta(days=29))
    saml.roll_sp_key(db, box, provider)
    assert saml.own_expiring(db) == []
    saml.switch_sp_key(db, box, provider)
    assert [(one.implementation_id, one.use) for one in saml.own_expiring(db)] == [
        (demo.id, "signing"),
        (demo.id, "encryption"),
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"entity_id": ""}, "entity_id"),
        ({"entity_id": "a b"}, "entity_id"),
        ({"entity_id": "x" * 1025}, "entity_id"),
        ({"entity_id": "a\n"}, "entity_id"),
        ({"sso_url": ""}, "sso_url"),
        ({"sso_url": "http://idp.example.org"}, "sso_url"),
        ({"sso_url": "http://127.0.0.1/sso"}, "sso_url"),
        ({"sso_url": "http://idp.example.org", "development": True}, "sso_url"),
        ({"sso_url": "javascript:alert(1)"}, "sso_url"),
        ({"sso_url": "https://idp.example.org/#x"}, "sso_url"),
        ({"slo_url": "http://idp.example.org"}, "slo_url"),
        ({"metadata_url": "file:///etc/passwd"}, "metadata_url"),
        ({"attribute_map": {"role": ["x"]}}, "attribute_map"),
        ({"attribute_map": {"username": "mail"}}, "attribute_map"),
        ({"attribute_map": {"username": [""]}}, "attribute_map"),
        ({"attribute_map": ["username"]}, "attribute_map"),
        ({"subject_attribute": "\x00"}, "subject_attribute"),
        ({"allow_cbc": "yes"}, "allow_cbc"),
    ],
)
def test_bad_provider_is_refused_with_its_field(
    db: Session, box: SecretBox, demo: Implementation, change: dict[str, Any], field: str
):
    with pytest.raises(RuleViolation) as caught:
        saml.save(db, box, demo, replace(DRAFT, **change), "me")
    assert caught.value.field == field


def test_provider_on_this_machine_is_for_development_only(database: Database, box: SecretBox, demo: Implementation):
    local = replace(DRAFT, sso_url="http://127.0.0.1:9000/sso", slo_url="http://localhost:9000/slo", development=True)
    with database.session() as db:
        assert saml.save(db, box, demo, local, "me").development
    with pytest.raises(Conflict), database.session() as db:
        db.execute(text("UPDATE saml_providers SET development = (1 = 0)"))
