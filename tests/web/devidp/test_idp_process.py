"""The identity provider as a process: its key, where it listens, and that production has none of it."""

import logging
import os
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from http.client import RemoteDisconnected
from pathlib import Path

import pytest

from records import RuleViolation, SecretBox
from records.identity import certificates
from records.identity import saml_providers as saml
from records.tenants import implementations
from runner.logins import LoginStore
from runner.settings.operator_settings import Settings
from tests.support.application import make_app
from tests.support.records import new_records
from tests.web.devidp.sender import URL
from web.demo.identity_setup import connect, draft
from web.demo.vendor import main as vendor_main
from web.devidp.__main__ import ImplementationCertificates, main
from web.devidp.app import create_idp
from web.devidp.identity import identity

KEY = "v3Rk-T0qZx8LmW2uYb7HcNs5Jd_Ea1PfGi9oQt4"
PRODUCTION = {
    "SESSION_STATUS_ENV": "production",
    "SESSION_STATUS_PUBLIC_URL": "https://status.example.org",
    "SESSION_STATUS_SECRET_KEY": KEY,
    "DATABASE_URL": "sqlite:////nowhere/at-all.db",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}
HERE = "0100007F"  # 127.0.0.1, as the kernel's tables write it


@pytest.fixture
def database(tmp_path):
    database = new_records(f"sqlite:///{tmp_path / 'idp.db'}")
    with database.session() as db:
        implementations.create(db, "demo", "Demo")
    yield database
    database.dispose()


def test_the_key_is_made_once_for_its_owner_alone(tmp_path):
    folder = tmp_path / "identity-provider"
    first = identity(folder, URL)
    [file] = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert identity(folder, URL) == first
    assert identity(folder, "http://127.0.0.1:9999").certificate_pem == first.certificate_pem
    assert "PRIVATE" not in repr(first)


def test_it_warns_when_it_is_built(idp, caplog):
    with caplog.at_level(logging.WARNING):
        create_idp(idp, None, service_url="http://127.0.0.1:8000")
    assert "anyone can log in as anyone" in caplog.text


def test_it_does_not_start_in_production():
    with pytest.raises(SystemExit, match="for development only"):
        main(["8002"], PRODUCTION)


@pytest.mark.parametrize("stand_in", [main, vendor_main])
def test_no_stand_in_starts_on_a_database_of_production_whatever_the_environment_says(tmp_path, stand_in):
    database = new_records(f"sqlite:///{tmp_path / 'records.db'}", environment="production")
    database.dispose()
    env = {
        "SESSION_STATUS_ENV": "development",
        "SESSION_STATUS_DATA_FOLDER": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'records.db'}",
    }
    with pytest.raises(SystemExit, match=r"development only.*The database was made for production"):
        stand_in(["8002"], env)


@pytest.mark.parametrize(
    "arguments", [["0.0.0.0:8002"], ["0.0.0.0"], ["::"], ["8002", "0.0.0.0"], [], [""], ["0"], ["99999"], ["-1"]]
)
def test_it_takes_a_port_and_never_an_address(tmp_path, arguments):
    env = {"SESSION_STATUS_ENV": "development", "SESSION_STATUS_DATA_FOLDER": str(tmp_path)}
    with pytest.raises(SystemExit, match=r"listens on 127\.0\.0\.1 only"):
        main(arguments, env)


def test_it_listens_on_this_machine_only(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {
        name: value for name, value in os.environ.items() if not name.startswith(("SESSION_STATUS_", "DATABASE_URL"))
    }
    env = {**own, "SESSION_STATUS_ENV": "development", "SESSION_STATUS_DATA_FOLDER": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-P", "-m", "web.devidp", str(port)], env=env) as process:
        try:
            assert answers(f"http://127.0.0.1:{port}/healthz")
            tables = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
            local = [line.split()[1] for line in tables.splitlines() if ":" in line and line.split()[3] == "0A"]
            assert [address for address in local if address.endswith(f":{port:04X}")] == [f"{HERE}:{port:04X}"]
        finally:
            process.kill()


def answers(address, patience_s=20):
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                return answer.status == 200
        except (OSError, RemoteDisconnected):
            time.sleep(0.1)
    return False


def test_it_knows_the_implementations_and_their_keys_also_while_these_change(database):
    box = SecretBox([KEY])
    known = ImplementationCertificates(database, box)
    assert known.certificates("nobody") == ()
    [first] = known.certificates("demo")
    assert known.certificates("demo") == (first,)
    with database.session() as db:
        demo = implementations.find(db, "demo")
        provider = saml.save(db, box, demo, draft_of_a_real_one(), "tests")
        saml.roll_sp_key(db, box, provider)
    assert known.certificates("demo")[0] == first
    assert len(known.certificates("demo")) == 2


def draft_of_a_real_one():
    _, certificate = certificates.make("a real one")
    return saml.SamlDraft("https://idp.example.org", "https://idp.example.org/sso", certificates=(certificate.pem,))


def test_production_takes_no_login_from_it_although_it_is_in_the_records(database, idp, redis, caplog):
    with database.session() as db:
        connect(db, SecretBox([KEY]), implementations.find(db, "demo"), draft(idp), ())
    url = "https://status.example.org"
    made = Settings(environment="production", public_url=url, secret_key=KEY)
    app = make_app(database, LoginStore(redis), made, status_service=Silent())
    http = app.test_client()
    for answer in (
        http.get("/saml/demo/login", base_url=url),
        http.post("/saml/demo/acs", base_url=url, data={"SAMLResponse": "eA==", "RelayState": "x" * 32}),
    ):
        assert answer.status_code == 400, answer.text
        assert URL not in answer.text
    assert caplog.text.count("development-only") == 2


class Silent:
    """A desk which is not asked."""

    def changed(self, implementation):
        raise AssertionError(implementation)


def test_records_take_its_address_only_when_it_is_called_development(database, idp):
    wanted = saml.SamlDraft(**(vars(draft(idp)) | {"development": False}))
    with database.session() as db:
        demo = implementations.find(db, "demo")
        with pytest.raises(RuleViolation, match="https"):
            saml.save(db, SecretBox([KEY]), demo, wanted, "tests")
