"""The commands about staff: the first administrator's link, roles, and audit entries that cannot be changed unseen."""

import json
import sqlite3

import pytest

from records import Database, ExternalAuthDraft, SecretBox, audit
from records.identity import external_auth as external
from records.identity import saml_providers as saml
from records.people import administrators, grants
from records.tenants import implementations


@pytest.fixture
def event(records, tmp_path):
    """An implementation `aha26`, which was made without a command, so that there is no audit entry yet."""
    database = Database(f"sqlite:///{tmp_path}/data/session-status.db")
    with database.session() as db:
        implementations.create(db, "aha26", "AHA")
    database.dispose()
    return records


@pytest.fixture
def stored(tmp_path):
    """The database of the commands."""
    database = Database(f"sqlite:///{tmp_path}/data/session-status.db")
    yield database
    database.dispose()


def tampered(tmp_path, statement):
    """Change the database as its owner can: the triggers first."""
    with sqlite3.connect(tmp_path / "data" / "session-status.db") as connection:
        for trigger in ("entries_kept", "entries_stay", "entries_follow", "head_steps"):
            connection.execute(f"DROP TRIGGER audit_{trigger}")
        connection.execute(statement)
    connection.close()


def test_the_link_is_an_address_of_the_console_that_works_once_and_is_audited(cli, records, stored):
    result = cli("administrator", "link", env={**records, "SESSION_STATUS_PUBLIC_URL": "http://127.0.0.1:8000/"})
    assert result.exit_code == 0
    base, _, token = result.stdout.strip().rpartition("/")
    assert base == "http://127.0.0.1:8000/console/first"
    assert "once, within 24 hours" in result.stderr
    with stored.session() as db:
        (entry,) = audit.recent(db)
        assert (entry.actor, entry.action, entry.implementation) == ("command line", "administrator.link", "staff")
        assert token not in repr(vars(entry))
        assert [administrators.use_link(db, token) for _ in range(2)] == [True, False]


def test_a_second_link_ends_the_first(cli, records, stored):
    tokens = [cli("administrator", "link", env=records).stdout.strip().rpartition("/")[2] for _ in range(2)]
    with stored.session() as db:
        assert [administrators.use_link(db, token) for token in tokens] == [False, True]


def test_a_role_is_given_listed_and_taken_away_and_each_is_audited(cli, event, stored):
    for way in (("--username", "Sam@AHA.example"), ("--user-type", "Staff"), ("--attribute", "groups=desk=a")):
        assert cli("role", "grant", "aha26", "scanner", *way, env=event).exit_code == 0
    listed = json.loads(cli("role", "list", "aha26", "--json", env=event).stdout)
    assert [(one["kind"], one["name"], one["value"]) for one in listed] == [
        ("attribute", "groups", "desk=a"),
        ("user type", "", "Staff"),
        ("username", "", "Sam@AHA.example"),
    ]
    table = cli("role", "list", "aha26", env=event).stdout
    assert "people whose attribute “groups” is “desk=a”" in table
    assert cli("role", "revoke", "aha26", str(listed[0]["id"]), env=event).exit_code == 0
    with stored.reading() as db:
        assert len(grants.every(db, implementations.find(db, "aha26"))) == 2
        entries = audit.recent(db)
    assert [entry.action for entry in entries] == ["grant.removed", *["grant.added"] * 3]
    assert entries[0].detail["value"] == "desk=a"


def test_when_the_store_is_away_it_is_said_that_logins_of_a_revoked_role_may_be_there(cli, event, stored):
    assert cli("users", "add", "aha26", "165", "--username", "sam", env=event).exit_code == 0
    assert cli("role", "grant", "aha26", "scanner", "--username", "sam", env=event).exit_code == 0
    [grant] = json.loads(cli("role", "list", "aha26", "--json", env=event).stdout)
    away = cli("role", "revoke", "aha26", str(grant["id"]), env={**event, "REDIS_URL": "unix:///nonexistent"})
    assert (away.exit_code, "the store does not answer: some logins may not have ended" in away.stderr) == (2, True)
    with stored.reading() as db:
        assert grants.every(db, implementations.find(db, "aha26")) == []


def test_the_first_role_of_staff_makes_the_staff_implementation(cli, records, stored):
    assert cli("role", "grant", "staff", "administrator", "--username", "kim", env=records).exit_code == 0
    with stored.reading() as db:
        staff = implementations.find(db, "staff")
        assert [grant.role for grant in grants.every(db, staff)] == ["administrator"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("role", "grant", "aha26", "scanner"), "exactly one of --username"),
        (("role", "grant", "aha26", "scanner", "--username", "a", "--user-type", "b"), "exactly one of --username"),
        (("role", "grant", "aha26", "scanner", "--attribute", "groups"), "is not NAME=VALUE"),
        (("role", "grant", "aha26", "scanner", "--attribute", "=x"), "is missing"),
        (("role", "grant", "aha26", "scanner", "--username", ""), "is missing"),
        (("role", "grant", "aha26", "organizer", "--user-type", "Staff"), "more than a user type may give"),
        (("role", "grant", "aha26", "organizer", "--attribute", "a=b"), "more than an attribute may give"),
        (("role", "grant", "aha26", "administrator", "--username", "a"), "staff implementation only"),
        (("role", "grant", "nope", "scanner", "--username", "a"), "There is no implementation 'nope'"),
        (("role", "revoke", "aha26", "99"), "has no grant 99"),
        (("implementation", "add", "Staff", "--name", "Ours"), "is reserved for"),
        (("audit", "verify", "--noted", "1:abc"), "is not a head"),
    ],
)
def test_what_a_person_can_get_wrong_is_a_sentence_and_status_2(cli, event, arguments, says):
    result = cli(*arguments, env=event)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_refused_grant_leaves_no_audit_entry(cli, event):
    cli("role", "grant", "aha26", "administrator", "--username", "a", env=event)
    assert cli("audit", "list", env=event).stdout == "There are no audit entries yet.\n"


def test_audit_entries_that_are_whole_are_said_to_be_with_a_head_to_note(cli, event):
    cli("role", "grant", "aha26", "scanner", "--username", "a", env=event)
    result = cli("audit", "verify", env=event)
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "Nothing was altered: 1 audit entry is as written.")
    head = result.stdout.split()[-1]
    cli("role", "grant", "aha26", "scanner", "--username", "b", env=event)
    assert cli("audit", "verify", "--noted", head, env=event).exit_code == 0
    noted = json.loads(cli("audit", "verify", "--json", "--noted", f"1:{'0' * 64}", env=event).stdout)
    assert (noted["ok"], noted["broken_at"]) == (False, 1)


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ("UPDATE audit_entries SET actor = 'nobody' WHERE number = 2", 2),
        ("DELETE FROM audit_entries WHERE number = 2", 2),
        ("DELETE FROM audit_entries WHERE number = 3", 3),
    ],
)
def test_a_changed_or_deleted_entry_is_named_with_status_1(cli, event, tmp_path, change, number):
    for name in "abc":
        cli("role", "grant", "aha26", "scanner", "--username", name, env=event)
    tampered(tmp_path, change)
    result = cli("audit", "verify", env=event)
    assert result.exit_code == 1
    assert f"Audit entry {number} is not as it was written" in result.stderr
    found = cli("audit", "verify", "--json", env=event)
    assert found.exit_code == 1
    assert json.loads(found.stdout)["broken_at"] == number


def test_audit_entries_are_listed_by_implementation_and_page(cli, event):
    for name in ("aha26", "staff", "aha26"):
        cli("role", "grant", name, "scanner", "--username", "kim", env=event)
    cli("role", "grant", "aha26", "author", "--username", "kim", env=event)
    table = cli("audit", "list", "--implementation", "aha26", env=event).stdout
    assert "grant.added" in table
    assert "staff" not in table
    page = json.loads(cli("audit", "list", "--limit", "1", "--before", "4", "--json", env=event).stdout)
    assert [one["number"] for one in page] == [3]
    assert len(page[0]["hash"]) == 64


def test_resealing_covers_all_kinds_of_secrets(cli, event, stored):
    box, draft = (
        SecretBox(["k" * 40]),
        ExternalAuthDraft("introspection", {"url": "https://a.example", "client_id": "us"}, "s"),
    )
    with stored.session() as db:
        external.save(db, box, implementations.find(db, "aha26"), draft, "me")
        saml.sp_keys(db, box, implementations.find(db, "aha26"))
    new = {**event, "SESSION_STATUS_SECRET_KEY": "n" * 40, "SESSION_STATUS_SECRET_KEYS_OLD": "k" * 40}
    assert cli("connection", "reseal", env=new).stdout == "Encrypted 3 secrets with the current key.\n"
    with stored.session() as db:
        opened = external.opened(db, SecretBox(["n" * 40]), implementations.find(db, "aha26"))
        assert opened.secret == "s"
        assert saml.sp_keys_if_made(db, SecretBox(["n" * 40]), implementations.find(db, "aha26"))


def test_our_saml_key_that_was_lost_with_the_secret_key_is_made_anew(cli, event, stored):
    with stored.session() as db:
        saml.sp_keys(db, SecretBox(["lost" * 10]), implementations.find(db, "aha26"))
    refused = cli("saml", "new-key", "aha26", env=event, stdin="n\n")
    assert refused.exit_code != 0
    assert cli("saml", "new-key", "aha26", "--yes", env=event).exit_code == 0
    with stored.reading() as db:
        assert saml.sp_keys_if_made(db, SecretBox(["k" * 40]), implementations.find(db, "aha26"))
        assert [entry.action for entry in audit.recent(db)] == ["saml.key.replaced"]


def test_every_command_that_changes_something_leaves_an_entry_without_secrets(cli, records, stored):
    secret = {**records, "VENDOR_KEY": "pa55-w0rd"}
    address = ("--base-url", "https://a.example", "--auth", "bearer", "--secret-env", "VENDOR_KEY")
    for command in (
        ("implementation", "add", "aha26", "--name", "AHA"),
        ("implementation", "set", "aha26", 'script_settings={"token": "t0ken"}', "fresh_seconds=30"),
        ("connection", "add", "aha26", "vendor", *address),
        ("connection", "set", "aha26", "vendor", "--timeout", "2"),
        ("connection", "set", "aha26", "vendor", "--new-secret", "--secret-env", "VENDOR_KEY"),
        ("connection", "reseal"),
        ("connection", "remove", "aha26", "vendor", "--yes"),
        ("users", "add", "aha26", "165", "--first-name", "Mei"),
    ):
        assert cli(*command, env=secret).exit_code == 0, command
    with stored.reading() as db:
        entries = audit.recent(db)[::-1]
        assert audit.verify(db).ok
    assert [entry.action for entry in entries] == [
        "implementation.added",
        "settings.changed",
        *["connection.saved"] * 3,
        "secrets.resealed",
        "connection.removed",
        "user.described",
    ]
    details = [{name: value for name, value in one.detail.items() if name != "system_user"} for one in entries]
    assert details[1] == {"script_settings": {"added": ["token"]}, "fresh_seconds": [60, 30]}
    assert details[3:5] == [{"timeout_s": [3.0, 2.0]}, {"secret": "set again"}]
    assert not any(word in repr(details) for word in ("pa55", "t0ken", "Mei"))
