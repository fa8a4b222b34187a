"""An upgrade of a database that is in use keeps every row, and what is new is right for the rows that were there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import URL, Connection, Engine, inspect, make_url, text

from records import Database, DbSession, RuleViolation, UserProfile, Version
from records.agenda import agenda_imports as agenda
from records.agenda import sessions
from records.people import grants, users
from records.scripts import deployments, runs
from records.storage import schema
from records.tenants import connections, implementations
from tests.records.conftest import BOTH

#: Rows as the first release wrote them. NOW, HASH and FALSE stand for values that are long or differ by database.
ROWS = """
INSERT INTO implementations (id, slug, name, time_zone, script_settings, link_hosts, fallback_text, fallback_link,
  default_color, last_good_minutes, fresh_seconds, stale_seconds, show_when, user_types, inherit_from_parent,
  session_url, limits, concurrency, keep_runs_days, created_at)
  VALUES (7, 'demo', 'Demo', 'UTC', '{"a": 1}', '["a.example"]', '', '', '#005d8a', 60, 60, 600, 'always', '[]', FALSE,
  '', '{}', 12, 30, NOW);
INSERT INTO connections (id, implementation_id, name, base_url, auth_kind, auth_fields, methods, path_prefixes,
  follow_redirects, timeout_s, cache_s, max_body_bytes, development, created_at, changed_at)
  VALUES (1, 7, 'v', 'https://a.example', 'none', '{}', '["GET"]', '["/"]', FALSE, 3, 0, 100, FALSE, NOW, NOW);
INSERT INTO users (id, implementation_id, subject, username, user_type, first_name, last_name, badge_id, attributes,
  last_seen_at)
  VALUES (1, 7, 's-1', 'Ann', 'Staff', 'Ánn', 'O''Neil', 'B-1', '{"k": "v"}', NOW),
  (5, 7, 's-5', 'bob', '', 'Bob', '', '', '{}', NOW);
INSERT INTO sessions (id, implementation_id, session_id, title, starts_at, ends_at, location, attributes)
  VALUES (1, 7, 'S-1', 'Opening', NOW, NOW, '', '{}');
INSERT INTO scripts (id, implementation_id, name, created_at) VALUES (1, 7, 's', NOW);
INSERT INTO versions (id, implementation_id, script_id, number, sha256, source, api_level, findings, created_at,
  created_by, suspended_reason) VALUES (1, 7, 1, 1, HASH, 'x', 1, '[]', NOW, 'me', '');
INSERT INTO activations (script_id, version_id, implementation_id, activated_at, activated_by)
  VALUES (1, 1, 7, NOW, 'me');
INSERT INTO runs (id, implementation_id, "user", session, version, started_at, outcome, alarm, shown_as, warnings,
  calls, log, usage, given)
  VALUES ('r1', 7, 's-1', 'S-1', HASH, NOW, 'returned', FALSE, 'fresh', '[]', '[]', '[]', '{}', '{}')
"""
VALUES = {"NOW": "'2026-01-01 00:00:00+00:00'", "HASH": f"'{'a' * 64}'"}
COUNTS = {
    "implementations": 1,
    "connections": 1,
    "users": 2,
    "sessions": 1,
    "scripts": 1,
    "versions": 1,
    "runs": 1,
}


@pytest.fixture
def used(empty_database: Database) -> Database:
    """Give a database of the first release, with rows in every table."""
    return filled(empty_database)


def filled(database: Database) -> Database:
    false = "false" if database.engine.dialect.name == "postgresql" else "0"
    rows = ROWS
    for name, value in (VALUES | {"FALSE": false}).items():
        rows = rows.replace(name, value)
    with database.engine.begin() as connection:
        command.upgrade(schema._config(connection), "0001")
        for row in rows.split(";\n"):
            connection.exec_driver_sql(row)
    assert not database.is_current()
    return database


@pytest.fixture(scope="module", params=BOTH)
def upgraded_once(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """Upgrade such a database, of each kind. Nobody is connected to it."""
    with ExitStack() as stack:
        if request.param == "postgres":
            url = stack.enter_context(request.getfixturevalue("postgres_server").database())
        else:
            url = make_url(f"sqlite:///{tmp_path_factory.mktemp('upgraded')}/records.db")
        database = filled(Database(url.render_as_string(hide_password=False)))
        database.upgrade()
        database.dispose()
        yield url


@pytest.fixture
def upgraded(upgraded_once: URL, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Give a copy of it."""
    with ExitStack() as stack:
        if upgraded_once.drivername == "sqlite":
            url = upgraded_once.set(database=shutil.copy(upgraded_once.database, tmp_path))
        else:
            url = stack.enter_context(request.getfixturevalue("postgres_server").database(upgraded_once.database))
        database = Database(url.render_as_string(hide_password=False))
        yield database
        database.dispose()


def counted(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {name: rows_of(connection, name) for name in COUNTS}


def rows_of(connection: Connection, table: str) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_upgrade_keeps_every_row(upgraded: Database):
    assert upgraded.is_current()
    assert counted(upgraded.engine) == COUNTS
    with upgraded.reading() as db:
        demo = implementations.find(db, "demo")
        assert demo is not None
        assert (demo.id, demo.script_settings, demo.link_hosts) == (7, {"a": 1}, ["a.example"])
        assert [one.name for one in connections.every(db, demo)] == ["v"]
        active = deployments.active_version(db, demo)
        assert active is not None
        assert active.sha256 == "a" * 64
        assert deployments.of_version(db, active).activated_by == "me"
        assert len(runs.recent(db, demo)) == 1


def test_rows_of_before_have_safe_values_in_what_is_new(upgraded: Database):
    with upgraded.reading() as db:
        demo = implementations.find(db, "demo")
        assert (demo.app_redirect_uris, demo.mapped_roles) == ([], ["scanner"])
        ann = users.find(db, demo, "s-1")
        assert (ann.provider, ann.disabled_at, ann.disabled_reason) == ("", None, "")
        assert [one.session_id for one in sessions.every(db, demo)] == ["S-1"]  # nothing is retired
        assert agenda.last_import(db, demo) is None
        assert grants.roles_of(db, demo, ann, "saml") == {"attendee"}


def test_people_of_before_are_found_and_belong_to_the_first_provider_that_brings_them(upgraded: Database):
    with upgraded.session() as db:
        demo = implementations.find(db, "demo")
        assert [user.subject for user in users.search(db, demo, "ánn o'neil")] == ["s-1"]
        assert [user.subject for user in users.search(db, demo, "B")] == ["s-1", "s-5"]
        ann = users.remember(db, demo, "s-1", UserProfile("ann"), provider="https://idp.example")
        assert (ann.id, ann.provider) == (1, "https://idp.example")


def test_tenant_that_is_called_staff_does_not_become_the_staff_by_an_upgrade(used: Database):
    with used.engine.begin() as connection:
        connection.execute(text("UPDATE implementations SET slug = 'staff'"))
    with pytest.raises(RuleViolation, match="slug: staff is kept from now on"):
        used.upgrade()
    assert used.version() == "0001"
    assert counted(used.engine) == COUNTS


def test_everything_new_works_after_an_upgrade(upgraded: Database):
    with upgraded.session() as db:
        demo = implementations.find(db, "demo")
        implementations.update(db, demo, app_redirect_uris=["com.example.app:/login"])
        assert grants.add(db, demo, kind="username", value="ANN", role="scanner", by="me").id
        assert implementations.staff(db).id != demo.id


def test_downgrade_keeps_the_rows_of_before_and_a_second_upgrade_works(upgraded: Database):
    with upgraded.engine.begin() as connection:
        schema.downgrade(connection, "0001")
    assert counted(upgraded.engine) == COUNTS
    columns = {column["name"] for column in inspect(upgraded.engine).get_columns("users")}
    assert "provider" not in columns
    assert left_over(upgraded.engine) == []
    upgraded.upgrade()
    assert counted(upgraded.engine) == COUNTS


def left_over(engine: Engine) -> list[str]:
    """Return triggers and functions which a downgrade forgot."""
    ways = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal UNION SELECT proname FROM pg_proc"
        " JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = 'public'",
    }
    with engine.connect() as connection:
        return list(connection.scalars(text(ways[engine.dialect.name])))


def test_number_of_a_deleted_implementation_is_not_given_again_after_an_upgrade(upgraded: Database):
    with upgraded.session() as db:
        db.delete(implementations.find(db, "demo"))
    assert counted(upgraded.engine) == dict.fromkeys(COUNTS, 0)
    if upgraded.engine.dialect.name == "sqlite":
        with upgraded.session() as db:
            assert implementations.create(db, "demo", "Demo").id == 8


def test_badge_ids_of_before_are_normalised_and_found(used: Database):
    """What a scanner sent before (a CR, a mark of a byte order, a split letter) is the ID that it sends now."""
    composed, split = "B-\u00c4", "B-A\u0308"
    too_long = "\u0958" * 100  # two characters each when composed
    kept = {"s-1": f"\u00a0{split}\r", "s-5": "\ufeff00\u200b42 a\t", "s-6": "B-6", "s-7": too_long, "s-8": ""}
    with used.engine.begin() as connection:
        command.upgrade(schema._config(connection), "0007")
        for number, (subject, badge) in enumerate(kept.items(), 1):
            connection.execute(text("DELETE FROM users WHERE subject = :subject"), {"subject": subject})
            connection.execute(
                text(
                    "INSERT INTO users (id, implementation_id, subject, username, user_type, first_name, last_name, "
                    "badge_id, attributes, last_seen_at, search_text) VALUES (:id, 7, :subject, 'Ann', '', 'Ánn', '', "
                    ":badge, '{}', '2026-01-01 00:00:00+00:00', 'as before')"
                ),
                {"id": number, "subject": subject, "badge": badge},
            )
    used.upgrade()
    with used.reading() as db:
        demo = implementations.find(db, "demo")
        found = {user.subject: user for user in users.every(db, demo)}
        assert {subject: user.badge_id for subject, user in found.items()} == {
            "s-1": composed,
            "s-5": "0042 a",
            "s-6": "B-6",
            "s-7": too_long,
            "s-8": "",
        }
        assert found["s-1"].search_text == "ann\nánn\n\nb-\u00e4\ns-1"
        assert found["s-6"].search_text == "as before"
        assert [user.subject for user in users.search(db, demo, f"{split}\r")] == ["s-1"]


def test_a_downgrade_leaves_normalised_badge_ids_and_a_second_upgrade_changes_nothing(upgraded: Database):
    with upgraded.session() as db:
        users.remember(db, implementations.find(db, "demo"), "s-1", UserProfile("ann", badge_id="B-A\u0308\r"))
    with upgraded.engine.begin() as connection:
        schema.downgrade(connection, "0007")
        assert connection.execute(text("SELECT badge_id FROM users WHERE subject = 's-1'")).scalar_one() == "B-\u00c4"
    upgraded.upgrade()
    with upgraded.reading() as db:
        assert users.find(db, implementations.find(db, "demo"), "s-1").badge_id == "B-\u00c4"


def test_what_was_in_service_is_active_for_all_users_after_an_upgrade(upgraded: Database):
    with upgraded.reading() as db:
        demo = implementations.find(db, "demo")
        found = deployments.live(db, demo)
        assert found.staged is None
        deployment, version = found.active
        assert (version.sha256, deployment.state, deployment.share) == ("a" * 64, "active", 100)
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        assert (deployment.started_at, deployment.active_since, deployment.started_by) == (moment, moment, "me")
        assert (deployment.ended_at, deployment.looks, demo.stopped_at, demo.stopped_reason) == (None, 0, None, "")


def stored_version(db: DbSession, number: int) -> Version:
    version = Version(id=number, implementation_id=7, script_id=1, number=number, sha256=str(number) * 64, source="x")
    version.created_by = "me"
    db.add(version)
    db.flush()
    return version


def test_a_downgrade_keeps_the_active_version_and_not_what_is_staged(upgraded: Database):
    with upgraded.session() as db:
        demo = implementations.find(db, "demo")
        two, three = (stored_version(db, number) for number in (2, 3))
        deployments.activate(db, demo, two, "olga")
        deployments.stage(db, demo, three, share=10, by="olga")
        active = two.id
    with upgraded.engine.begin() as connection:
        schema.downgrade(connection, "0008")
        rows = connection.execute(text("SELECT version_id, implementation_id, activated_by FROM activations")).all()
        assert [tuple(row) for row in rows] == [(active, 7, "olga")]
    assert "stopped_at" not in {column["name"] for column in inspect(upgraded.engine).get_columns("implementations")}
    upgraded.upgrade()
    with upgraded.reading() as db:
        found = deployments.live(db, implementations.find(db, "demo"))
        assert (found.active[1].id, found.staged) == (active, None)
