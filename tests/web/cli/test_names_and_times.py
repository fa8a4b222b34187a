"""What commands tell of people, moments and conferences: names beside keys, one zone that is named, ids in any case."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from records import AgendaSession, Database, RunRecord, UserProfile, audit
from records.maintenance import archiving
from records.maintenance.archiving import AuditContext
from records.people import grants, users
from records.scripts import runs
from records.tenants import implementations

AT = datetime(2026, 5, 4, 16, 30, tzinfo=UTC)
RUN = RunRecord("019af1d2c3b4-5e6f3f9ca71e", "demo", "u-7", "CE-1", "a" * 64, AT, "returned", "fresh")


@pytest.fixture
def database(records):
    """Grace Okonkwo of a conference in New York, with a run and a grant that she gave."""
    made = Database(f"sqlite:///{records['SESSION_STATUS_DATA_FOLDER']}/session-status.db")
    with made.session() as db:
        demo = implementations.create(db, "demo", "Demo Congress", "America/New_York")
        users.remember(db, demo, "u-7", UserProfile("g@example.org", "", "Grace", "Okonkwo"))
        times = {"starts_at": AT, "ends_at": AT + timedelta(hours=1)}
        db.add(AgendaSession(implementation_id=demo.id, session_id="CE-1", title="Sepsis in 2026", **times))
        grants.add(db, demo, kind="username", value="a@example.org", role="scanner", by="demo/u-7").created_at = AT
        runs.record_many(db, [RUN])
        audit.append(db, actor="demo/u-7", action="user.disabled", target="u-7", implementation="demo")
    yield made
    made.dispose()


def test_the_audit_and_grants_name_people_with_their_keys(cli, records, database):
    listed = cli("audit", "list", env=records).stdout
    assert "Grace Okonkwo (demo/u-7)" in listed
    assert "Grace Okonkwo (u-7)" in listed
    assert "Grace Okonkwo (demo/u-7)" in cli("role", "list", "demo", env=records).stdout
    (entry,) = json.loads(cli("audit", "list", "--json", env=records).stdout)
    assert [entry[name] for name in ("by", "by_key", "target", "target_key")] == [
        *("Grace Okonkwo", "demo/u-7"),
        *("Grace Okonkwo", "u-7"),
    ]
    (grant,) = json.loads(cli("role", "list", "demo", "--json", env=records).stdout)
    assert (grant["by"], grant["by_key"]) == ("Grace Okonkwo", "demo/u-7")


def test_an_entry_from_before_the_implementation_was_made_does_not_name_somebody_of_the_new_one(cli, records, database):
    with database.session() as db:
        by = AuditContext("tests")
        archiving.archive(db, implementations.find(db, "demo"), by)
        archiving.remove(db, implementations.find_any(db, "demo"), by, typed="demo")
    with database.session() as db:
        made = implementations.create(db, "demo", "Another Congress")
        users.remember(db, made, "u-7", UserProfile("x@example.org", "", "Xaver", "Unrelated"))
        made.created_at = datetime.now(UTC) + timedelta(minutes=1)
    listed = cli("audit", "list", "--implementation", "demo", env=records).stdout
    assert "Xaver" not in listed
    assert "demo/u-7" in listed


def test_runs_name_the_person_and_the_session_with_their_keys(cli, records, database):
    for command in (("runs", "list", "demo"), ("runs", "show", "3f9ca71e"), ("runs", "find", "3f9ca71e")):
        told = cli(*command, env=records).stdout
        assert "Grace Okonkwo (u-7)" in told
        assert "Sepsis in 2026 (CE-1)" in told
    with database.session() as db:
        runs.record_many(db, [replace(RUN, id="gone", user="gone", session="gone")])
    newest, known = json.loads(cli("runs", "list", "demo", "--json", env=records).stdout)
    assert (newest["user_name"], newest["session_title"]) == (None, None)
    assert (known["user_name"], known["session_title"]) == ("Grace Okonkwo", "Sepsis in 2026")


ZONED = {
    ("runs", "list", "demo"): ("started (America/New_York)", "2026-05-04 12:30:00"),
    ("runs", "show", "3f9ca71e"): ("2026-05-04 12:30:00 America/New_York",),
    ("runs", "find", "3f9ca71e"): ("2026-05-04 12:30:00 America/New_York",),
    ("role", "list", "demo"): ("since (America/New_York)", "2026-05-04 12:30:00"),
    ("audit", "list", "--implementation", "demo"): ("when (America/New_York)",),
    ("audit", "list", "--implementation", "gone"): (),
    ("audit", "list"): ("when (UTC)",),
    ("implementation", "list"): ("archived (UTC)",),
    ("saml", "show", "demo"): (),
}


@pytest.mark.parametrize("command", ZONED, ids=" ".join)
def test_times_are_those_of_the_conference_where_there_is_one_and_else_utc_and_say_which(
    cli, records, database, command
):
    told = cli(*command, env=records).stdout
    assert [said for said in ZONED[command] if said not in told] == []


TYPED = (
    ("implementation", "show"),
    ("implementation", "set", "fallback_text=Ask us"),
    ("implementation", "archive"),
    ("users", "list"),
    ("users", "add", "u-8"),
    ("role", "list"),
    ("role", "grant", "scanner", "--username", "x"),
    ("runs", "list"),
    ("connection", "list"),
    ("connection", "add", "ethosce", "--base-url", "https://vendor.example"),
    ("saml", "show"),
    ("sessions", "undo", "--preview"),
)


@pytest.mark.parametrize("command", TYPED, ids=" ".join)
def test_the_id_of_a_conference_may_be_typed_in_any_case_and_is_written_down_as_it_is(cli, records, database, command):
    group, name, *more = command
    result = cli(group, name, "Demo", *more, env=records)
    assert "There is no implementation" not in result.output
    assert result.exit_code == (2 if name == "undo" else 0)  # there is no import yet
    with database.reading() as db:
        assert {entry.implementation for entry in audit.recent(db)} == {"demo"}


def test_an_option_takes_it_in_any_case_too_and_one_that_is_not_there_stays_as_it_was_typed(cli, records, database):
    assert "Grace" in cli("audit", "list", "--implementation", "DEMO", env=records).stdout
    with database.session() as db:
        implementations.create(db, "Demo", "Another Congress")
    assert "Another Congress" in cli("implementation", "show", "Demo", env=records).stdout
    for typed in ("DEMO", "nope"):
        refused = cli("implementation", "show", typed, env=records)
        assert (refused.exit_code, f"There is no implementation '{typed}'" in refused.stderr) == (2, True)
