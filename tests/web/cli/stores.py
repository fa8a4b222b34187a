"""Databases and stores of every kind that a command may be used with, and whether a command left them unchanged."""

import hashlib
import secrets
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine, text

from records.storage import schema
from records.tenants import implementations
from runner.store.clients import connect
from tests.support.records import new_records

KEY = secrets.token_urlsafe(48)
#: What an operator's file of settings holds beside the two addresses.
FILE = {"SESSION_STATUS_PUBLIC_URL": "https://status.example.org", "SESSION_STATUS_SECRET_KEY": KEY}
PRODUCTION = {**FILE, "SESSION_STATUS_ENV": "production"}
BOTH = ("sqlite", "postgres")


def made_for(url, environment, *slugs):
    """Make a database of an environment, with some implementations; return its address."""
    database = new_records(url, environment=environment)
    with database.session() as db:
        for slug in slugs:
            implementations.create(db, slug, slug.title())
    database.dispose()
    return url


def of_earlier_release(url, *slugs, demo=False):
    """Make a database as the release before marks left it."""
    engine = create_engine(url)
    with engine.begin() as connection:
        command.upgrade(schema._config(connection), "0002")
        for number, slug in enumerate([*slugs, *(["demo"] if demo else [])], start=1):
            connection.execute(text(_IMPLEMENTATION), {"id": number, "slug": slug})
            if slug == "demo":
                connection.execute(text(_CONNECTION), {"id": number})
    engine.dispose()
    return url


_IMPLEMENTATION = """
INSERT INTO implementations (id, slug, name, time_zone, script_settings, link_hosts, fallback_text, fallback_link,
  default_color, last_good_minutes, fresh_seconds, stale_seconds, show_when, user_types, inherit_from_parent,
  session_url, limits, concurrency, keep_runs_days, created_at)
  VALUES (:id, :slug, :slug, 'UTC', '{}', '[]', '', '', '#005d8a', 60, 60, 600, 'always', '[]', FALSE, '', '{}', 12, 30,
  '2026-01-01 00:00:00+00:00')
"""
_CONNECTION = """
INSERT INTO connections (id, implementation_id, name, base_url, auth_kind, auth_fields, methods, path_prefixes,
  follow_redirects, timeout_s, cache_s, max_body_bytes, development, created_at, changed_at)
  VALUES (:id, :id, 'ethosce', 'http://127.0.0.1:8001/ethosce', 'none', '{}', '["GET"]', '["/"]', FALSE, 3, 0, 100, TRUE,
  '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00')
"""


def content(url):
    """A digest of all rows of all tables of a database; of an SQLite file that is not there, that it is not."""
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite") and not path.exists():
        return "not there"
    engine = create_engine(url)
    names = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name",
        "postgresql": "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1",
    }
    with engine.connect() as connection:
        tables = connection.scalars(text(names[engine.dialect.name])).all()
        rows = [(name, sorted(map(repr, connection.execute(text(f'SELECT * FROM "{name}"'))))) for name in tables]
    engine.dispose()
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def keys(url):
    """All keys of a store."""
    redis = connect(url)
    try:
        return sorted(redis.scan_iter())
    finally:
        redis.close()
