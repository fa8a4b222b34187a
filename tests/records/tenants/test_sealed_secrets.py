"""When a stored secret may stay: the steps of the one rule, and what a secret is sealed for, which must never change."""

import json
from dataclasses import replace

import pytest

from records import RuleViolation
from records.identity import external_auth as external
from records.tenants import connections, sealed_secrets
from records.tenants.sealed_secrets import SecretUse, to_seal
from tests.records.identity.test_external_auth import PASSWORD
from tests.records.tenants.test_connections import OAUTH

USE = SecretUse(("basic",), ("https://cme.example.org/api",), ("restws",))
OTHERS = {
    "kind": replace(USE, method=("bearer",)),
    "host": replace(USE, urls=("https://attacker.example.net/api",)),
    "port": replace(USE, urls=("https://cme.example.org:8443/api",)),
    "scheme": replace(USE, urls=("http://cme.example.org/api",)),
    "name and host in the address": replace(USE, urls=("https://cme.example.org@attacker.example.net/api",)),
    "no address": replace(USE, urls=("https://[cme.example.org/api",)),
    "account": replace(USE, account=("admin",)),
}


def judged(typed, *, wanted=USE, stored=USE):
    return to_seal(typed, wanted=wanted, stored=stored, check=sealed_secrets.text)


def test_1_what_needs_no_secret_deletes_the_stored_one_and_refuses_a_typed_one():
    assert judged(None, wanted=None) == ""
    with pytest.raises(RuleViolation, match="secret: must be empty for"):
        judged("typed", wanted=None)


def test_2_a_typed_secret_is_checked_and_takes_the_place():
    assert judged("typed", stored=OTHERS["host"]) == "typed"
    for bad in ("", "x" * 8193, "a\nb"):
        with pytest.raises(RuleViolation, match="secret: must be 1 to 8192 printable characters"):
            judged(bad)


def test_3_without_a_stored_one_a_secret_is_missing():
    with pytest.raises(RuleViolation, match="secret: is missing"):
        judged(None, stored=None)


@pytest.mark.parametrize("other", OTHERS)
def test_4_a_stored_secret_must_be_typed_again_for_another(other):
    with pytest.raises(RuleViolation, match="secret: must be typed again"):
        judged(None, wanted=OTHERS[other])


@pytest.mark.parametrize(
    "url", ["https://cme.example.org/v2", "https://CME.example.org/api", "https://cme.example.org"]
)
def test_5_a_stored_secret_stays_for_another_path_of_its_host(url):
    assert judged(None, wanted=replace(USE, urls=(url,))) is None


def test_what_secrets_are_sealed_for_is_what_it_was_when_the_stored_ones_were_sealed(db, box, demo):
    connection = connections.save(db, box, demo, OAUTH)
    place = [demo.id, "cvent", "oauth2_client_credentials", "https://api.example.org", "https://login.example.org"]
    assert box.open(connection.sealed_secret, place=json.dumps(place)) == "cl1ent-s3cret"
    row = external.save(db, box, demo, PASSWORD, "me")
    place = [demo.id, "external login", "password", "", "basic", "", "https://reg.example.org"]
    assert box.open(row.sealed_secret, place=json.dumps(place)) == "pa55-w0rd"
