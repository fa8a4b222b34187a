import re

import pytest

from runner.settings.operator_settings import SETTINGS, Settings, SettingsError
from runner.settings.readers import address_and_port
from tests.support import ROOT

#: As `secrets.token_urlsafe` makes them.
KEY = "v3Rk-T0qZx8LmW2uYb7HcNs5Jd_Ea1PfGi9oQt4"
PRODUCTION = {
    "SESSION_STATUS_SECRET_KEY": KEY,
    "SESSION_STATUS_PUBLIC_URL": "https://status.example.org/",
    "DATABASE_URL": "postgres://status:pass-word@db/status",
    "REDIS_URL": "rediss://:pass-word@store:6379/0",
}


def faults_of(env):
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(env)
    return caught.value.faults


def test_production_is_the_default_and_a_full_set_of_settings_is_accepted():
    settings = Settings.from_environment(PRODUCTION)
    assert settings.production
    assert settings.public_url == "https://status.example.org"
    assert settings.database_url == "postgresql+psycopg://status:pass-word@db/status"


def test_an_empty_environment_names_everything_that_production_needs_at_once():
    faults = "\n".join(faults_of({}))
    for name in ("SESSION_STATUS_SECRET_KEY", "DATABASE_URL", "REDIS_URL", "SESSION_STATUS_PUBLIC_URL"):
        assert name in faults


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSION_STATUS_SANDBOX_ALLOW_WEAK", "yes"),
        ("SESSION_STATUS_ALLOW_LOOPBACK_VENDORS", "1"),
        ("SESSION_STATUS_PUBLIC_URL", "http://status.example.org"),
        ("SESSION_STATUS_SECRET_KEY", "short"),
        ("REDIS_URL", ""),
        ("DATABASE_URL", ""),
    ],
)
def test_production_refuses_a_stand_in_of_development(name, value):
    faults = faults_of(PRODUCTION | {name: value})
    assert len(faults) == 1
    assert name in faults[0]


def test_production_takes_sqlite_when_it_is_asked_for_by_name():
    settings = Settings.from_environment(PRODUCTION | {"DATABASE_URL": "sqlite:////var/lib/status/status.db"})
    assert settings.database_url.startswith("sqlite:///")


def test_all_faults_are_told_together_and_each_says_what_the_setting_means():
    faults = faults_of(
        PRODUCTION
        | {
            "SESSION_STATUS_WORKER_RUNS": "many",
            "SESSION_STATUS_WEB_WAIT": "9",
            "SESSION_STATUS_SANDBOX_REQUIRE": "landlock,prayer",
            "REDIS_URL": "http://store",
        }
    )
    assert len(faults) == 4
    assert any("prayer" in fault and "landlock" in fault for fault in faults)
    assert any("runs in flight in each worker process" in fault for fault in faults)


def test_a_misspelt_setting_is_a_fault_that_names_the_right_one():
    (fault,) = faults_of(PRODUCTION | {"SESSION_STATUS_WORKER_RUN": "8"})
    assert "SESSION_STATUS_WORKER_RUNS" in fault


def test_as_many_waiting_requests_as_threads_are_refused():
    (fault,) = faults_of(PRODUCTION | {"SESSION_STATUS_WEB_WAITING": "32"})
    assert "WEB_THREADS" in fault


def test_no_secret_shows_in_the_repr_or_in_a_fault(tmp_path):
    assert "pass-word" not in repr(Settings.from_environment(PRODUCTION))
    assert KEY not in repr(Settings.from_environment(PRODUCTION))
    faults = faults_of(PRODUCTION | {"REDIS_URL": "http://:pass-word@store"})
    assert "pass-word" not in "".join(faults)


def test_development_fills_in_what_is_missing_and_keeps_its_key(tmp_path):
    env = {"SESSION_STATUS_ENV": "development", "SESSION_STATUS_DATA_FOLDER": str(tmp_path / "data")}
    first, second = Settings.from_environment(env), Settings.from_environment(env)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 32
    assert (tmp_path / "data" / "secret-key").stat().st_mode & 0o777 == 0o600
    assert first.database_url == f"sqlite:///{tmp_path}/data/session-status.db"
    assert first.redis_url == ""  # the store's launcher gives the address


@pytest.mark.parametrize("entry", [one for one in SETTINGS if one.development_only], ids=lambda entry: entry.name)
def test_production_refuses_every_setting_that_is_for_development_only(entry):
    [fault] = faults_of(PRODUCTION | {entry.name: "yes"})
    assert fault == f"{entry.name} is for development. Remove it, because SESSION_STATUS_ENV is production."
    assert entry.help.endswith("; development only")


def test_every_setting_is_read_somewhere():
    sources = [path.read_text() for room in ("runner", "web") for path in (ROOT / room).rglob("*.py")]
    text = "\n".join([*sources, (ROOT / "worker.py").read_text()])
    assert not [entry.name for entry in SETTINGS if not re.search(rf"\.{entry.attribute}\b", text)]


def test_every_setting_has_a_help_text_and_a_valid_default():
    for entry in SETTINGS:
        assert len(entry.help) > 10, entry.name
        assert entry.name.startswith("SESSION_STATUS_") or entry.name in {"DATABASE_URL", "REDIS_URL"}
    assert len({entry.name for entry in SETTINGS}) == len(SETTINGS)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SESSION_STATUS_WEB_THREADS", "many", "must be a whole number"),
        ("SESSION_STATUS_WEB_THREADS", "2.5", "must be a whole number"),
        ("SESSION_STATUS_WEB_WAIT", "soon", "must be a number"),
        ("SESSION_STATUS_WEB_WAIT", "nan", "must be a number from"),
    ],
)
def test_what_is_no_number_is_told_in_words_and_not_in_those_of_python(name, value, told):
    [fault] = faults_of(PRODUCTION | {name: value})
    assert told in fault
    assert "literal" not in fault


@pytest.mark.parametrize(
    "bind", ["localhost:8000", "8000", ":8000", "unix:/run/web.sock", "::1:8000", "127.0.0.1:0", "127.0.0.1:x"]
)
def test_an_address_to_listen_on_is_an_ip_address_and_a_port(bind):
    with pytest.raises(SettingsError, match=r"SESSION_STATUS_WEB_BIND must "):
        Settings.from_environment({"SESSION_STATUS_ENV": "development", "SESSION_STATUS_WEB_BIND": bind})


def test_addresses_to_listen_on_are_of_either_kind():
    assert address_and_port("0.0.0.0:80") == ("0.0.0.0", 80)
    assert address_and_port("[::1]:8000") == ("::1", 8000)


SMTP = {"SESSION_STATUS_MAIL_HOST": "smtp.example.org", "SESSION_STATUS_MAIL_SENDER": "status@example.org"}


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"SESSION_STATUS_MAIL_SENDER": ""}, "MAIL_SENDER must be set"),
        ({"SESSION_STATUS_MAIL_HOST": ""}, "MAIL_HOST must be set"),
        ({"SESSION_STATUS_MAIL_TLS": "none"}, "smtp.example.org is not this machine"),
        ({"SESSION_STATUS_MAIL_USERNAME": "status"}, "must both be set"),
        ({"SESSION_STATUS_MAIL_PASSWORD": "s3cret"}, "must both be set"),
    ],
)
def test_mail_is_off_or_complete_and_encrypted(changes, named):
    (fault,) = faults_of(PRODUCTION | SMTP | changes)
    assert named in fault
    assert "s3cret" not in fault


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_a_mail_server_of_this_machine_needs_no_encryption(host):
    local = {"SESSION_STATUS_MAIL_HOST": host, "SESSION_STATUS_MAIL_TLS": "none"}
    settings = Settings.from_environment(PRODUCTION | SMTP | local)
    assert settings.mailing
    assert not Settings.from_environment(PRODUCTION).mailing


def test_the_password_of_the_mail_server_is_never_shown():
    login = {"SESSION_STATUS_MAIL_USERNAME": "status", "SESSION_STATUS_MAIL_PASSWORD": "s3cret-of-mail"}
    settings = Settings.from_environment(PRODUCTION | SMTP | login)
    assert settings.mail_password == "s3cret-of-mail"
    assert "s3cret-of-mail" not in repr(settings)
