"""The migrations make exactly the tables the code knows, and can be undone."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, inspect, text
from sqlalchemy.exc import DBAPIError

from records import ALL_TABLES, Base, Database, SchemaUnknown
from records.storage import schema, schema_version
from tests.support import ROOT


def test_migrations_from_nothing_make_what_the_tables_say(empty_database: Database):
    assert empty_database.version() is None
    assert not empty_database.is_current()
    empty_database.upgrade()
    assert empty_database.is_current()
    with empty_database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_checks_of_the_database_are_those_of_the_tables(empty_database: Database):
    # Alembic does not compare them. SQLite keeps their text as written, PostgreSQL rewrites it.
    empty_database.upgrade()
    found = inspect(empty_database.engine)
    sqlite = empty_database.engine.dialect.name == "sqlite"
    for table in Base.metadata.sorted_tables:
        expected = {
            str(c.name): str(c.sqltext) if sqlite else "" for c in table.constraints if isinstance(c, CheckConstraint)
        }
        present = {c["name"]: c["sqltext"] if sqlite else "" for c in found.get_check_constraints(table.name)}
        assert present == expected


def test_every_row_of_every_table_has_its_implementation():
    for name, table in Base.metadata.tables.items():
        # Audit entries outlive the implementation they tell of, so they name it and do not belong to it.
        # What the database was made for is said of the whole of it, and up to which audit entry notices were made.
        assert (
            name in ("implementations", "audit_entries", "audit_head", "environment_mark", "notice_cursor")
            or not table.c.implementation_id.nullable
        )


def test_downgrade_leaves_nothing_behind_and_upgrade_works_again(empty_database: Database):
    empty_database.upgrade()
    with empty_database.engine.begin() as connection:
        schema.downgrade(connection, "base")
    assert inspect(empty_database.engine).get_table_names() == ["alembic_version"]
    empty_database.upgrade()
    assert empty_database.is_current()


def test_named_head_is_the_last_migration():
    assert ScriptDirectory(str(schema_version.MIGRATIONS)).get_heads() == [schema_version.HEAD]


def test_second_upgrade_changes_nothing(empty_database: Database):
    empty_database.upgrade()
    empty_database.upgrade()
    assert empty_database.is_current()


def test_database_of_a_newer_release_is_refused_with_what_to_do(empty_database: Database):
    empty_database.upgrade()
    with empty_database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert not empty_database.is_current()
    with pytest.raises(SchemaUnknown, match=r"9999.*newer release"):
        empty_database.upgrade()


#: Four processes that have imported everything, and open and upgrade the database once all of them are there.
AT_ONCE = """
import os, sys, traceback
from records import Database
import records.storage.schema
started, begin = os.pipe(), os.pipe()
children = []
for _ in range(4):
    child = os.fork()
    if child:
        children.append(child)
        continue
    status = 1
    try:
        os.close(begin[1])
        os.write(started[1], b".")
        os.read(begin[0], 1)  # ends when the parent closes its end
        database = Database(sys.argv[1])
        database.upgrade()
        database.dispose()
        status = 0
    finally:
        if status:
            traceback.print_exc()
        os._exit(status)
for _ in children:
    os.read(started[0], 1)
os.close(begin[1])
sys.exit(sum(os.waitpid(child, 0)[1] != 0 for child in children))
"""


def test_processes_that_open_and_upgrade_a_new_database_at_once_do_it_once(empty_database: Database):
    url = empty_database.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-P", "-c", AT_ONCE, url]
    done = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert empty_database.is_current()


def test_upgrade_that_fails_half_way_leaves_nothing_behind(empty_database: Database):
    with empty_database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE users (in_the_way INTEGER)"))
    with pytest.raises(DBAPIError):
        empty_database.upgrade()
    assert inspect(empty_database.engine).get_table_names() == ["users"]
    assert empty_database.version() is None


def test_every_table_is_known_whichever_module_a_process_uses():
    """A table that only a rarely used module declares would be missed by migrations and by whatever walks all tables."""
    declared = set()
    for path in (ROOT / "records").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Base" for base in node.bases):
                declared.add(node.name)
    assert {table.__name__ for table in ALL_TABLES} == declared
