"""What keeps a process from starting: each fault is reported in plain words, with what to do, before anything runs."""

import errno
import os
import pwd
import re
import secrets
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from records import Database, SecretBox
from records.identity import external_auth as external
from records.identity import saml_providers as saml
from records.identity.external_auth import ExternalAuthDraft
from records.storage import schema_version
from records.tenants import connections, implementations
from records.tenants.connections import ConnectionDraft
from runner.health.start_checks import NotStarted, check_start
from runner.settings.operator_settings import Settings, SettingsError
from runner.store.mark_administration import replace_mark
from tests.web.cli.stores import PRODUCTION, made_for
from web.cli.operate import servers
from web.server.listen_check import listening_fault

OTHER_KEY = secrets.token_urlsafe(48)


@pytest.fixture
def production(redis, valkey_url, tmp_path):
    """The environment of production, on a database and a store that were made for it."""
    replace_mark(valkey_url, "production")
    url = made_for(f"sqlite:///{tmp_path}/records.db", "production", "aha26")
    own = {"DATABASE_URL": url, "REDIS_URL": valkey_url, "SESSION_STATUS_DATA_FOLDER": str(tmp_path / "data")}
    return {**PRODUCTION, **own}


def carrying(url, revision):
    """Let a database say that it is at this revision."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})
    engine.dispose()


REVISIONS = {
    "9999": "the database is at revision 9999, which this release does not know (its newest is "
    f"{schema_version.HEAD}): install the newer release, or restore the backup from before its upgrade",
    "0004": f"the database is at revision 0004, and this release needs {schema_version.HEAD}",
}


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("words", [("web",), ("worker",), ("doctor",), ("role", "list", "aha26")])
def test_a_database_of_another_release_is_told_with_what_to_do(cli, production, words, revision):
    carrying(production["DATABASE_URL"], revision)
    result = cli(*words, env=production)
    assert result.exit_code == (1 if words == ("doctor",) else 2)
    said = " ".join(result.output.replace("->", "").split())
    told = REVISIONS[revision]
    assert told.partition(": ")[0].lower() in said.lower()
    assert told.rpartition(": ")[2] in said or "db upgrade" in said


def test_the_worker_itself_looks_at_the_schema_too(production):
    carrying(production["DATABASE_URL"], "9999")
    with pytest.raises(NotStarted, match="9999, which this release does not know"):
        check_start(Settings.from_environment(production), worker=True)


def test_an_upgrade_refuses_a_database_of_a_newer_release_in_the_same_words(cli, production):
    carrying(production["DATABASE_URL"], "9999")
    result = cli("db", "upgrade", env=production)
    assert (result.exit_code, "9999, which this release does not know" in result.stderr) == (2, True)


@pytest.fixture
def sealed(production):
    """One secret of each kind, sealed with the present key, and those of an archived implementation."""
    database, box = Database(production["DATABASE_URL"]), SecretBox([production["SESSION_STATUS_SECRET_KEY"]])
    with database.session() as db:
        for slug in ("aha26", "old25"):
            owner = implementations.find(db, slug) or implementations.create(db, slug, slug)
            draft = ConnectionDraft("ethosce", "https://cme.example.org", "bearer", {}, secret="s3cret-s3cret")
            connections.save(db, box, owner, draft)
        owner = implementations.find(db, "aha26")
        fields = {"url": "https://id.example.org/introspect", "client_id": "us", "audience": "app"}
        external.save(db, box, owner, ExternalAuthDraft("introspection", fields, "another-s3cret"), "me")
        saml.sp_keys(db, box, owner)
    database.dispose()
    return production


TOLD = (
    "the secret of the connection ethosce of aha26",
    "the secret of the External Authentication of aha26",
    "the secret of the SAML key (signing, present) of aha26",
    "the secret of the SAML key (encryption, present) of aha26",
)
REMEDIES = (
    "session-status connection set aha26 ethosce --new-secret",
    "in the console of aha26, under External Authentication",
    "session-status saml new-key aha26",
    "SESSION_STATUS_SECRET_KEYS_OLD",
)


def test_with_a_key_that_opens_no_secret_doctor_fails_and_names_each(cli, sealed):
    result = cli("doctor", env={**sealed, "SESSION_STATUS_SECRET_KEY": OTHER_KEY})
    assert result.exit_code == 1
    assert [text for text in (*TOLD, *REMEDIES) if text not in result.stdout] == []
    assert "s3cret" not in result.output
    right = cli("doctor", env=sealed)
    assert "no key decrypts" not in right.stdout


def test_with_such_a_key_no_worker_starts_and_an_earlier_key_is_enough(cli, sealed):
    assert cli("implementation", "archive", "old25", env=sealed).exit_code == 0
    result = cli("worker", env={**sealed, "SESSION_STATUS_SECRET_KEY": OTHER_KEY})
    assert result.exit_code == 2
    assert [text for text in (*TOLD, *REMEDIES) if text not in result.stderr] == []
    assert "old25" not in result.stderr, "nothing of it is served"
    old = {"SESSION_STATUS_SECRET_KEYS_OLD": sealed["SESSION_STATUS_SECRET_KEY"]}
    both = Settings.from_environment({**sealed, "SESSION_STATUS_SECRET_KEY": OTHER_KEY, **old})
    check_start(both, worker=True)


def test_with_such_a_key_the_web_server_starts_and_says_so_as_the_console_is_where_secrets_are_entered(
    cli, sealed, monkeypatch, caplog
):
    served = []
    monkeypatch.setattr(servers, "serve", served.append)
    assert cli("web", env={**sealed, "SESSION_STATUS_SECRET_KEY": OTHER_KEY}).exit_code == 0
    assert len(served) == 1
    assert [text for text in (*TOLD, *REMEDIES) if text not in caplog.text] == []


def test_a_data_folder_that_cannot_be_used_hides_no_other_fault(tmp_path):
    (tmp_path / "file").touch()
    env = {
        "SESSION_STATUS_ENV": "development",
        "SESSION_STATUS_DATA_FOLDER": str(tmp_path / "file" / "data"),
        "SESSION_STATUS_PUBLIC_URL": "status.example.org",
        "REDIS_URL": "redis://",
    }
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(env)
    named = [fault.split()[0].rstrip(":") for fault in caught.value.faults]
    assert named == ["SESSION_STATUS_DATA_FOLDER", "REDIS_URL", "SESSION_STATUS_PUBLIC_URL"]


def test_a_missing_store_and_a_missing_database_are_told_together(tmp_path):
    env = {"SESSION_STATUS_ENV": "development", "SESSION_STATUS_DATA_FOLDER": str(tmp_path)}
    with pytest.raises(NotStarted) as caught:
        check_start(Settings.from_environment(env), worker=True)
    assert [fault.split()[0] for fault in caught.value.faults] == ["REDIS_URL", "DATABASE_URL:"]
    assert list(tmp_path.glob("*.db")) == [], "a look makes no database"


def in_a_file(production, tmp_path):
    """Settings of production with a data folder that cannot be made."""
    (tmp_path / "file").touch()
    return {**production, "SESSION_STATUS_DATA_FOLDER": str(tmp_path / "file" / "data")}


def test_an_upgrade_that_cannot_make_the_folder_of_its_database_says_who_must_own_it(cli, production, tmp_path):
    env = in_a_file(production, tmp_path) | {"DATABASE_URL": f"sqlite:///{tmp_path}/file/data/status.db"}
    me = pwd.getpwuid(os.geteuid()).pw_name
    result = cli("db", "upgrade", env=env | {"LOGNAME": "somebody-else"})
    assert (result.exit_code, "Not a directory. It must belong to" in result.stderr) == (2, True)
    assert f"install -d -m 700 -o {me} {tmp_path}/file/data" in result.stderr
    doctor = cli("doctor", env=env)
    assert (doctor.exit_code, f"{tmp_path}/file is a file" in doctor.stdout) == (1, True)


def test_a_data_folder_in_which_nothing_is_kept_is_neither_made_nor_missed(cli, production, tmp_path):
    env = in_a_file(production, tmp_path)
    assert cli("db", "upgrade", env=env).exit_code == 0
    assert (
        f"{tmp_path}/file/data is not used: the database and the store are elsewhere" in cli("doctor", env=env).stdout
    )


def test_a_data_folder_of_somebody_else_is_told_with_both_users():
    """As a user without rights, because the tests may run as root."""
    program = "import os; from pathlib import Path; from web.cli.operate.data_folder_check import fault; "
    program += "os.geteuid() or os.setuid(65534); print(fault(Path('/session-status-of-nobody')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"/ belongs to root, and \S+ may not write there\n", done.stdout)


# -- where the web server listens ---------------------------------------------------------------------------------


def test_an_address_that_is_none_is_a_fault_of_the_settings(cli, production):
    result = cli("web", env={**production, "SESSION_STATUS_WEB_BIND": "foo"})
    assert result.exit_code == 2
    assert "SESSION_STATUS_WEB_BIND must be an IP address and a port" in result.stderr


def test_an_address_of_another_machine_is_told_before_anything_runs(cli, production):
    result = cli("web", env={**production, "SESSION_STATUS_WEB_BIND": "192.0.2.7:8000"})
    assert result.exit_code == 2
    assert "this machine has no address 192.0.2.7. Use one of its addresses, or 0.0.0.0 for all" in result.stderr
    doctor = cli("doctor", env={**production, "SESSION_STATUS_WEB_BIND": "192.0.2.7:8000"})
    assert (doctor.exit_code, "this machine has no address 192.0.2.7" in doctor.stdout) == (1, True)


def test_a_port_in_use_is_told_and_doctor_takes_it_for_the_server_itself(cli, production):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        bind = f"127.0.0.1:{taken.getsockname()[1]}"
        result = cli("web", env={**production, "SESSION_STATUS_WEB_BIND": bind})
        assert result.exit_code == 2
        assert "Address already in use. Stop the process that listens there, or choose another port" in result.stderr
        assert (
            f"{bind} is in use, probably by the web server"
            in cli("doctor", env=production | {"SESSION_STATUS_WEB_BIND": bind}).stdout
        )


def test_a_port_that_needs_rights_is_told():
    """As a user without rights, because the tests may run as root."""
    if int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 80:
        pytest.skip("here everybody may use every port")
    program = "import os; from web.server.listen_check import listening_fault; os.geteuid() or os.setuid(65534); "
    program += "print(*listening_fault('127.0.0.1:80'))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.startswith(
        f"{errno.EACCES} SESSION_STATUS_WEB_BIND: cannot listen on 127.0.0.1 port 80: this user"
    )
    assert "Choose 1024 or higher" in done.stdout


def test_a_free_address_is_no_fault():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert listening_fault(f"127.0.0.1:{port}") == (0, "")
