"""An implementation is made and changed by rules that name every fault; the database holds the same walls."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from records import Base, Conflict, Database, Implementation, RuleViolation
from records.tenants import implementations


def test_new_implementation_has_every_default(database: Database):
    with database.session() as db:
        implementations.create(db, "AAIC-19_x", "Alzheimer's", "Europe/Berlin")
    with database.reading() as db:
        found = implementations.find(db, "AAIC-19_x")
        assert found is not None
        assert (found.fresh_seconds, found.stale_seconds, found.last_good_minutes) == (60, 600, 60)
        assert (found.show_when, found.concurrency, found.keep_runs_days) == ("always", 12, 30)
        assert (found.link_hosts, found.script_settings, found.limits) == ([], {}, {})
        assert found.created_at.utcoffset() is not None
        assert implementations.find(db, "aaic-19_x") is None


def test_values_are_stored_in_their_one_spelling(db: Session):
    made = implementations.create(
        db,
        "demo",
        "  Demo ",
        link_hosts=["CME.Example.org.", "münchen.example", "cme.example.org"],
        default_color="#005D8A",
        fallback_text="Ask at the desk",
        fallback_link="https://CME.example.org/help",
        limits={"wall_s": 2, "calls": 3},
        session_url="http://127.0.0.1:8000/s/{session_id}",
        script_settings={"b": 1, "a": {"ü": [None, True, 0.5]}},
    )
    assert made.name == "Demo"
    assert made.link_hosts == ["cme.example.org", "xn--mnchen-3ya.example"]
    assert made.default_color == "#005d8a"
    db.expire_all()
    assert list(made.script_settings) == ["b", "a"]


def test_a_fallback_text_is_stored_as_attendees_may_see_it(db):
    made = implementations.create(db, "made", "M", "UTC", fallback_text=" Ask at the CE\u00ad desk\u200f")
    assert made.fallback_text == "Ask at the CE desk"


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("slug", "", "1 to 64"),
        ("slug", "a" * 65, "1 to 64"),
        ("slug", "a/b", "1 to 64"),
        ("slug", "dëmo", "1 to 64"),
        ("slug", "demo\n", "1 to 64"),
        ("name", "   ", "is missing"),
        ("name", "a\0b", "U+0000"),
        ("name", "\ud800", "U+D800"),
        ("time_zone", "Mars/Olympus", "the name of a time zone"),
        ("time_zone", "../../etc/passwd", "the name of a time zone"),
        ("time_zone", ["UTC"], "the name of a time zone"),
        ("link_hosts", ["https://a.example"], "host name"),
        ("link_hosts", ["a.example/path"], "host name"),
        ("link_hosts", ["a..example"], "host name"),
        ("link_hosts", ["10.0.0.1"], "not an address in numbers"),
        ("link_hosts", ["*.example"], "host name"),
        ("link_hosts", "a.example", "must be a list"),
        ("link_hosts", ["0x7f.1"], "not an address in numbers"),
        ("link_hosts", ["a_b.example"], "host name"),
        ("fallback_text", "Ask\u202eus", "changes the writing direction"),
        ("fallback_text", "\u2800", "no visible character"),
        ("fallback_text", "\ufdfd" * 100, "columns wide"),
        ("default_color", "blue", "#rrggbb"),
        ("default_color", "#fff", "#rrggbb"),
        ("default_color", "#ffff00", "too light"),
        ("fallback_link", "http://a.example", "https://"),
        ("fallback_link", "https://user@a.example", "must not contain a user name"),
        ("fallback_link", "javascript:alert(1)", "https://"),
        ("show_when", "sometimes", "one of"),
        ("user_types", [""], "is missing"),
        ("inherit_from_parent", 1, "true or false"),
        ("session_url", "https://a.example/", "{session_id}"),
        ("session_url", "https://a.example/{session_id}/{x}", "{session_id}"),
        ("session_url", "http://a.example/{session_id}", "https://"),
        ("session_url", "https://a.example{session_id}", "after the host"),
        ("session_url", "https://x{session_id}.a.example/", "after the host"),
        ("session_url", "https://a.example:{session_id}/", "after the host"),
        ("limits", {"wall_s": 3600}, "0.1 to 30"),
        ("limits", {"wall_s": True}, "0.1 to 30"),
        ("limits", {"patience": 1}, "not a known field"),
        ("limits", [], "JSON object"),
        ("script_settings", {"a": float("nan")}, "not JSON"),
        ("script_settings", {"a": "\0"}, "NUL"),
        ("script_settings", {"a": "\ud800"}, "not JSON"),
        ("script_settings", {"a": "x" * 70_000}, "65536 bytes"),
        ("script_settings", {"a": object()}, "not JSON"),
        ("concurrency", 0, "1 to 64"),
        ("keep_runs_days", "30", "whole number"),
        ("colour", "#005d8a", "not a known field"),
        ("slug", "staff", "is reserved for"),
        ("slug", "STAFF", "is reserved for"),
        ("mapped_roles", ["administrator"], "outside the staff implementation"),
        ("mapped_roles", ["reviewer", "scanner"], "outside the staff implementation"),
        ("mapped_roles", ["attendee"], "must be one of"),
        ("mapped_roles", "scanner", "must be a list"),
        ("app_redirect_uris", ["myapp:/login"], "must start with https://"),
        ("app_redirect_uris", [f"https://a.example/{n}" for n in range(11)], "at most 10"),
    ],
)
def test_bad_value_is_refused_with_its_field_and_reason(db: Session, field: str, value: Any, reason: str):
    given = {"slug": "demo", "name": "Demo", field: value}
    with pytest.raises(RuleViolation) as caught:
        implementations.create(db, given.pop("slug"), given.pop("name"), **given)
    assert [fault.field for fault in caught.value.faults] == [field]
    assert reason in caught.value.reason


def test_all_faults_are_named_together(db: Session):
    with pytest.raises(RuleViolation) as caught:
        implementations.create(db, "a b", "Demo", "Nowhere", concurrency=0)
    assert [fault.field for fault in caught.value.faults] == ["slug", "time_zone", "concurrency"]


def test_slug_that_is_taken_is_refused(db: Session, demo: Implementation):
    with pytest.raises(RuleViolation, match="slug: is taken"):
        implementations.create(db, demo.slug, "Again")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"fresh_seconds": 700}, "stale_seconds"),
        ({"fallback_text": "x", "fallback_link": "https://a.example"}, "fallback_link"),
        ({"fallback_link": "https://ok.example"}, "fallback_link"),
        ({"slug": "other"}, "slug"),
    ],
)
def test_refused_change_leaves_everything_as_it_was(
    database: Database, demo: Implementation, changes: dict[str, Any], field: str
):
    with database.session() as db:
        mine = db.merge(demo)
        implementations.update(db, mine, link_hosts=["ok.example"])
        with pytest.raises(RuleViolation) as caught:
            implementations.update(db, mine, **changes)
        assert caught.value.field == field
    with database.reading() as db:
        kept = implementations.find(db, "demo")
        assert kept is not None
        assert (kept.fresh_seconds, kept.fallback_link, kept.slug) == (60, "", "demo")


def test_host_of_the_fallback_link_cannot_be_taken_off_the_list(db: Session, demo: Implementation):
    mine = db.merge(demo)
    implementations.update(db, mine, link_hosts=["a.example"], fallback_text="x", fallback_link="https://a.example/")
    with pytest.raises(RuleViolation, match="fallback_link"):
        implementations.update(db, mine, link_hosts=["b.example"])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE implementations SET slug = ''",
        "UPDATE implementations SET show_when = 'never'",
        "UPDATE implementations SET stale_seconds = 0",
        "UPDATE implementations SET concurrency = 0",
        "UPDATE implementations SET name = NULL",
        "INSERT INTO scripts (implementation_id, name, created_at) VALUES (999, 'x', '2026-01-01')",
    ],
)
def test_database_itself_refuses_what_does_not_come_by_the_rules(
    database: Database, demo: Implementation, statement: str
):
    assert demo.id
    with pytest.raises(Conflict) as caught, database.session() as db:
        db.execute(text(statement))
    assert isinstance(caught.value.__cause__, IntegrityError)


def test_two_who_take_the_same_slug_at_once_end_in_one_conflict(database: Database, demo: Implementation):
    with pytest.raises(Conflict), database.session() as db:
        db.add(Implementation(slug=demo.slug, name="Again", time_zone="UTC"))


def test_number_of_a_deleted_implementation_is_never_given_again(database: Database, demo: Implementation):
    with database.session() as db:
        db.delete(db.merge(demo))
    with database.session() as db:
        assert implementations.create(db, "demo", "Demo").id > demo.id


def test_all_that_belongs_to_a_deleted_implementation_goes_with_it(database: Database, demo: Implementation):
    with database.session() as db:
        for name, statement in _ROWS.items():
            db.execute(text(statement.format(table=name, id=demo.id)))
        db.flush()
        db.delete(db.merge(demo))
    with database.reading() as db:
        for name in set(Base.metadata.tables) - {"audit_entries", "audit_head", "environment_mark", "notice_cursor"}:
            assert db.scalar(text(f"SELECT count(*) FROM {name}")) == 0


_NOW = "'2026-01-01 00:00:00+00:00'"
_ROWS = {
    "sessions": "INSERT INTO {table} (id, implementation_id, session_id, title, starts_at, ends_at, location, parent_id,"
    f" attributes) VALUES (1, {{id}}, 'P', 'P', {_NOW}, {_NOW}, '', NULL, '{{{{}}}}'),"
    f" (2, {{id}}, 'A', 'A', {_NOW}, {_NOW}, '', 'P', '{{{{}}}}')",
    "scripts": f"INSERT INTO {{table}} (id, implementation_id, name, created_at) VALUES (1, {{id}}, 's', {_NOW})",
    "versions": "INSERT INTO {table} (id, implementation_id, script_id, number, sha256, source, api_level, findings,"
    f" created_at, created_by, suspended_reason) VALUES (1, {{id}}, 1, 1, '{'a' * 64}', '', 1, '[]', {_NOW}, 'x', '')",
    "deployments": "INSERT INTO {table} (id, implementation_id, version_id, state, share, salt, started_at, started_by,"
    " reason, active_since, looks, ended_by, end_reason)"
    f" VALUES (1, {{id}}, 1, 'active', 100, '', {_NOW}, 'x', '', {_NOW}, 0, '', '')",
    "submissions": "INSERT INTO {table} (id, implementation_id, version_id, number, note, scenarios, submitted_by, author,"
    f" submitted_at, state) VALUES (1, {{id}}, 1, 1, '', '[]', 'x', 'x', {_NOW}, 'submitted')",
    "reviews": "INSERT INTO {table} (id, implementation_id, submission_id, reviewer, decision, sha256, public_note,"
    f" private_note, waived, at) VALUES (1, {{id}}, 1, 'y', 'approved', '{'a' * 64}', '', '', '[]', {_NOW})",
    "review_comments": "INSERT INTO {table} (id, implementation_id, submission_id, text, private, by, at, resolved_by)"
    f" VALUES (1, {{id}}, 1, 't', FALSE, 'y', {_NOW}, '')",
    "author_tokens": "INSERT INTO {table} (id, implementation_id, name, token_hash, permissions, made_by, made_at,"
    f" ends_at, revoked_by) VALUES (1, {{id}}, 'ci', '{'b' * 64}', '[]', 'x', {_NOW}, {_NOW}, '')",
    "drafts": "INSERT INTO {table} (id, implementation_id, author, source, edited_at, revision)"
    f" VALUES (1, {{id}}, 'x', '', {_NOW}, 1)",
    "version_codes": "INSERT INTO {table} (version_id, runtime_key, implementation_id, code, created_at)"
    f" VALUES (1, 'k', {{id}}, '', {_NOW})",
}


def test_app_addresses_are_kept_exactly_as_entered(db: Session, demo: Implementation):
    exact = [
        "https://App.Example.org/Login/%7e",
        "com.example.app:/login",
        "com.example.app2://login/x",
        "https://a.example",
    ]
    mine = db.merge(demo)
    implementations.update(db, mine, app_redirect_uris=[*exact, exact[0]])
    assert mine.app_redirect_uris == exact


def test_staff_has_its_slug_to_itself_and_roles_of_its_own(db: Session):
    staff = implementations.staff(db)
    assert (staff.slug, staff.mapped_roles, implementations.staff(db).id) == ("staff", ["scanner"], staff.id)
    implementations.update(db, staff, mapped_roles=["reviewer", "administrator"], name="ATIV")
    assert implementations.staff(db).name == "ATIV"
