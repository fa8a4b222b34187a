"""A backup is made and restored by the commands of docs/operations.md: what was there is there again, and a wrong key is told."""

import re
import secrets
import sqlite3
import sys
from contextlib import closing

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from records import Database, ExternalAuthDraft, SecretBox, UserProfile, WrongEnvironment
from records.identity import external_auth as external
from records.identity import sp_keys
from records.people import users
from records.tenants import connections, implementations
from runner.logins import LoginStore, TokenRefused, fingerprint
from runner.store.clients import connect
from runner.store.embedded import EmbeddedStore
from tests.support.application import small_keys
from tests.support.saml_forge import ForgedIdp
from tests.system.deployment.page import Shell, commands
from tests.system.deployment.proxy import ROOT
from tests.system.deployment.servers import bearer, environment
from tests.system.deployment.test_units import example

EXAMPLE = ROOT / "docs" / "deployment" / "environment"
INTROSPECTION = ExternalAuthDraft(
    "introspection", {"url": "https://id.example.org/introspect", "client_id": "us"}, "cl1ent-s3cret"
)


#: The database's password. Servers of tests ask for none, so it may be any.
PASSWORD = "p4ssw0rd-of-the-database"
#: Stands in for a program: notes its arguments, which everybody on the machine can read, and runs the real one.
NOTING = """#!/bin/sh
printf '%s\\n' "$0 $*" >> "$(dirname "$0")/arguments"
PATH="${PATH#*:}" exec "$(basename "$0")" "$@"
"""


def settings(url, store, folder, key):
    """Those of the example file, with the addresses of the tests in the same form."""
    shown = example(EXAMPLE.read_text().replace("PASSWORD@", f"{PASSWORD}@").replace('"PASSWORD"', f'"{PASSWORD}"'))
    address = make_url(shown["DATABASE_URL"]).set(host=url.host, port=url.port, database=url.database, query=url.query)
    password = {"PGPASSWORD": shown["PGPASSWORD"]} if "PGPASSWORD" in shown else {}
    return environment(
        SESSION_STATUS_PUBLIC_URL="https://status.example.org",
        SESSION_STATUS_SECRET_KEY=key,
        SESSION_STATUS_DATA_FOLDER=str(folder / "data"),
        DATABASE_URL=address.set(username=url.username).render_as_string(hide_password=False),
        REDIS_URL=store.url,
        **password,
    )


def furnish(shell, key):
    """What an operator and an organizer enter: through the command line, as far as it goes."""
    shell.must("session-status db upgrade")
    shell.must("session-status implementation add aaic26 --name AAIC")
    shell.must("session-status users add aaic26 164 --username ada")
    shell.must("session-status users add aaic26 165 --username mei")
    base = "--base-url https://cme.example.org --auth basic --auth-field user=restws --secret-stdin"
    shell.must(f"session-status connection add aaic26 ethosce {base}", stdin="v3ndor-s3cret\n")
    metadata = shell.folder / "idp.xml"
    metadata.write_bytes(ForgedIdp().metadata())
    shell.must(f"session-status saml import aaic26 {metadata}")
    shell.must("session-status saml new-key aaic26 --yes")
    database = Database(shell.env["DATABASE_URL"], environment="production")
    with database.session() as db:
        external.save(db, SecretBox([key]), implementations.find(db, "aaic26"), INTROSPECTION, "tests")
    database.dispose()


def content(url, key):
    """What must be the same after a restore: secrets, opened, and the users with their ids."""
    database, box = Database(url, environment="production"), SecretBox([key])
    with database.reading() as db:
        owner = implementations.find(db, "aaic26")
        found = (
            connections.open_all(db, box, owner)["ethosce"].secret,
            external.opened(db, box, owner).secret,
            sp_keys.sp_keys_if_made(db, box, owner),
            db.execute(text("SELECT id, subject, username FROM users ORDER BY id")).all(),
        )
    database.dispose()
    return found


def note_arguments(shell, program):
    """Let a program's arguments be written into `arguments` of a folder that comes first in the path."""
    (shell.folder / "bin").mkdir()
    (shell.folder / "bin" / program).write_text(NOTING)
    (shell.folder / "bin" / program).chmod(0o755)
    shell.env["PATH"] = f"{shell.folder}/bin:{shell.env['PATH']}"


@pytest.fixture(scope="module")
def backed_up(postgres_server, tmp_path_factory):
    """A dump, the head that was noted with it, the key, and what was in the database."""
    folder, key = tmp_path_factory.mktemp("old"), secrets.token_urlsafe(32)
    with postgres_server.database() as url, EmbeddedStore() as store, small_keys():
        shell = Shell(folder, settings(url, store, folder, key))
        furnish(shell, key)
        note_arguments(shell, "pg_dump")
        said = [shell.must(line) for line in commands("backup")]
        before = content(shell.env["DATABASE_URL"], key)
    return folder / "session-status.dump", re.search(r"^head +(\S+)$", said[0], re.MULTILINE)[1], key, before


@pytest.fixture
def new_machine(backed_up, postgres_server, tmp_path):
    """An empty database and an empty store; the dump lies where one works."""
    (tmp_path / "session-status.dump").symlink_to(backed_up[0])
    with postgres_server.database() as url, EmbeddedStore() as store:
        yield lambda key: Shell(tmp_path, settings(url, store, tmp_path, key))


def restore(shell, head):
    """Follow the page; return what each command answered and said."""
    return {line: shell.run(line.replace("HEAD", head)) for line in commands("restore")}


def test_a_dump_is_for_its_owner_and_no_password_stands_among_the_arguments(backed_up):
    dump = backed_up[0]
    assert oct(dump.stat().st_mode & 0o777) == oct(0o600)
    arguments = (dump.parent / "bin" / "arguments").read_text()
    assert "--format=custom" in arguments
    assert PASSWORD not in arguments


def test_a_token_of_a_store_that_outlived_the_restore_is_of_no_use(backed_up, new_machine):
    shell = new_machine(backed_up[2])
    later = bearer(shell.env["REDIS_URL"], "came-after-the-dump")["Authorization"].removeprefix("Bearer ")
    restore(shell, backed_up[1])
    with closing(connect(shell.env["REDIS_URL"], environment="production")) as store, pytest.raises(TokenRefused):
        LoginStore(store).tokens.holder(fingerprint(later))


def test_a_restored_database_has_all_of_it_and_goes_on(backed_up, new_machine):
    _, head, key, before = backed_up
    shell = new_machine(key)
    note_arguments(shell, "pg_restore")
    answers = restore(shell, head)
    assert PASSWORD not in (shell.folder / "bin" / "arguments").read_text()
    *others, doctor = answers.items()
    assert [(line, said) for line, (code, said) in others if code != 0] == []
    assert "Encrypted 4 secrets" in answers["session-status connection reseal"][1]
    assert (doctor[0], doctor[1][0]) == ("session-status doctor", 0), doctor[1][1]
    assert "made for production" in doctor[1][1]
    assert content(shell.env["DATABASE_URL"], key) == before

    database = Database(shell.env["DATABASE_URL"], environment="production")
    with database.session() as db:
        added = users.remember(db, implementations.find(db, "aaic26"), "166", UserProfile("new"))
        assert added.id > max(row[0] for row in before[3])
    with pytest.raises(DBAPIError, match="audit"), database.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_entries"))
    database.dispose()
    other = Database(shell.env["DATABASE_URL"], environment="development")
    with pytest.raises(WrongEnvironment):
        other.require_environment()
    other.dispose()


def test_a_restore_with_another_key_is_told_and_changes_nothing(backed_up, new_machine):
    _, head, key, before = backed_up
    shell = new_machine(secrets.token_urlsafe(32))
    code, said = restore(shell, head)["session-status connection reseal"]
    assert code == 2
    assert "key" in said
    assert "Traceback" not in said
    assert content(shell.env["DATABASE_URL"], key) == before


def test_a_head_of_later_entries_shows_that_the_dump_is_older(backed_up, new_machine):
    _, head, key, _ = backed_up
    number = int(head.partition(":")[0])
    answers = restore(new_machine(key), f"{number + 1}:{'0' * 64}")
    assert answers["session-status audit verify --noted HEAD"][0] == 1


def test_the_database_of_a_development_run_is_copied_while_it_is_in_use(tmp_path):
    data = str(tmp_path / "data")
    shell = Shell(tmp_path, environment(SESSION_STATUS_ENV="development", SESSION_STATUS_DATA_FOLDER=data))
    shell.must("session-status db upgrade")
    (line,) = commands("development")
    with closing(sqlite3.connect(tmp_path / "data" / "session-status.db")) as used:
        used.execute("INSERT INTO implementations SELECT * FROM implementations WHERE FALSE")  # holds the write lock
        shell.must("session-status implementation list")
        used.rollback()
    shell.must("session-status implementation add demo2 --name Demo")
    shell.must(line.replace(".venv/bin/python", sys.executable))
    shell.must("session-status implementation add later --name Later")
    (tmp_path / "backup.db").replace(tmp_path / "data" / "session-status.db")
    for end in ("-wal", "-shm"):
        (tmp_path / "data" / f"session-status.db{end}").unlink(missing_ok=True)
    said = shell.must("session-status implementation list")
    assert "demo2" in said
    assert "later" not in said
    shell.must("session-status audit verify")
