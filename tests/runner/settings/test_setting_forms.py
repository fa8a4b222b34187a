"""Settings are judged by what they say: nonsense in any of them stops the start, with every fault told at once."""

import base64
import json
import random

import pytest
import trustme
from click.testing import CliRunner

from runner.settings.key_strength import weakness
from runner.settings.operator_settings import SETTINGS, Settings, SettingsError
from web.cli import main

KEY = "v3Rk-T0qZx8LmW2uYb7HcNs5Jd_Ea1PfGi9oQt4"
PRODUCTION = {
    "SESSION_STATUS_ENV": "production",
    "SESSION_STATUS_SECRET_KEY": KEY,
    "SESSION_STATUS_PUBLIC_URL": "https://status.example.org",
    "DATABASE_URL": "postgresql://status:pass-word@db/status",
    "REDIS_URL": "redis://store:6379/0",
}
ODD_NUMBERS = ["many", "1_0", "\u0663", "-1", "1e", "0x10", "inf", "nan", "1,5"]
WEAK_KEYS = [
    "k" * 32,
    "k" * 400,
    "ab" * 20,
    "another" * 10,
    "Sn3aky.Tw1ce-0v" * 3,
    "abcdefghijklmnopqrstuvwxyz012345",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    "01234567890123456789012345678901",
    "98765432109876543210987654321098",
    "qwertyuiopasdfghjklzxcvbnm,./[]1".replace(",", ";"),
    "change-me-to-something-random-please",
    "please_ChangeMe_before-production",
    "this-is-my-super-secret-key-for-this",
    "django-insecure-v3RkT0qZx8LmW2uYb7HcNs5Jd",
    "your_secret_goes_here_12_8_77_40_1x",
    "deadbeefdeadbeefdeadbeefdeadbeef0",
    "aaaaaaaaaaaaaaaaaaaabcdefghij12345",
    "short",
]
#: Values that each setting must refuse. No setting may be missing here.
NONSENSE = {
    "SESSION_STATUS_MAIL_HOST": ["smtp.example.org:587", "https://smtp.example.org", "a b", "smtp\nx", "-x.example"],
    "SESSION_STATUS_MAIL_PORT": ["0", "65536", "smtp"],
    "SESSION_STATUS_MAIL_TLS": ["tls", "yes", "STARTTLS"],
    "SESSION_STATUS_MAIL_USERNAME": ["a\nb"],
    "SESSION_STATUS_MAIL_PASSWORD": ["a\rb"],
    "SESSION_STATUS_MAIL_SENDER": [
        *("status", "a@b@example.org", "Status <status@example.org>", "a@example.org, b@example.org", "ä@example.org"),
        *(
            "a@example.org\nBcc: b@example.org",
            "a@localhost",
            "a@127.0.0.1",
            f"{'a' * 65}@example.org",
            '"a b"@example.org',
        ),
    ],
    "SESSION_STATUS_MAIL_SENDER_NAME": ["x" * 101, "a\nBcc: b@example.org", "a\u202eb"],
    "SESSION_STATUS_MAIL_TIMEOUT": ["0", "61", "1.5"],
    "SESSION_STATUS_MAIL_PER_HOUR": ["0", "10001"],
    "SESSION_STATUS_NOTICE_DAYS": ["59", "731"],
    "SESSION_STATUS_ENV": ["prod", "Production", "staging"],
    "SESSION_STATUS_DATA_FOLDER": ["/etc/passwd", "~no-such-user/data", "a\tb"],
    "SESSION_STATUS_PUBLIC_URL": [
        "https://status.example.org/status",
        "https://status.example.org/?",
        "https://status.example.org?x=1",
        "https://status.example.org#top",
        "https://status.example.org/#",
        "https://user@status.example.org",
        "https://user:pass@status.example.org",
        "https://status.example.org:0",
        "https://status.example.org:99999",
        "https://status.example.org:https",
        "https://status.example.org:",
        "https://",
        "https:///",
        "https:status.example.org",
        "status.example.org",
        "//status.example.org",
        "ftp://status.example.org",
        "javascript:alert(1)",
        "https://status_1.example.org",
        "https://0x7f.1",
        "https://[::1",
        "https://*.example.org",
        "https://a.example b.example",
        "http://status.example.org",
    ],
    "SESSION_STATUS_SECRET_KEY": [*WEAK_KEYS, KEY[:20] + "," + KEY[20:], KEY[:20] + " " + KEY[20:]],
    "SESSION_STATUS_SECRET_KEYS_OLD": ["short", KEY, f"{'n' * 40},short", "n" * 20 + " " + "n" * 20],
    "DATABASE_URL": [
        "mysql://db/status",
        "status.db",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///status.db",
        "sqlite:////",
        "sqlite:////var/lib/",
        "postgresql://",
        "postgresql://db",
        "postgresql://db/",
        "postgresql://db/status/more",
        "postgresql://db:port/status",
        "postgresql://db:99999/status",
        "postgresql://db/status#x",
    ],
    "REDIS_URL": [
        "http://store",
        "store:6379",
        "redis://",
        "redis:///0",
        "redis://store:port/0",
        "redis://store:0/0",
        "redis://store/zero",
        "redis://store/0/1",
        "redis://store/0#x",
        "unix://",
        "unix://relative.sock",
        "unix:///run/",
    ],
    "SESSION_STATUS_WEB_BIND": [
        "8000",
        ":8000",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:0",
        "127.0.0.1:80000",
        "127.0.0.1:http",
        "::1:8000",
        "http://127.0.0.1:8000",
        "127.0.0.1:8000/x",
        "user@127.0.0.1:8000",
        "unix:/run/status.sock",
        "127.1:8000",
    ],
    "SESSION_STATUS_WEB_PROCESSES": [*ODD_NUMBERS, "0", "65", "1.5"],
    "SESSION_STATUS_WEB_THREADS": [*ODD_NUMBERS, "3", "513"],
    "SESSION_STATUS_WEB_CONNECTIONS": [*ODD_NUMBERS, "63", "65537"],
    "SESSION_STATUS_WEB_WAITING": [*ODD_NUMBERS, "513", "32"],
    "SESSION_STATUS_WEB_WAIT": [*ODD_NUMBERS, "2.1"],
    "SESSION_STATUS_WEB_ASKS": [*ODD_NUMBERS, "9", "1000001", "2.5"],
    "SESSION_STATUS_WEB_RUNS_PER_S": [*ODD_NUMBERS, "0", "100001", "1.5"],
    "SESSION_STATUS_TRUSTED_PROXIES": [*ODD_NUMBERS, "9", "yes", "10.0.0.1"],
    "SESSION_STATUS_VENUE_NETWORKS": [
        "0.0.0.0/0",
        "::/0",
        "10.0.0.0/7",
        "2001::/16",
        "venue",
        "192.0.2.7/24",
        "192.0.2.0/33",
    ],
    "SESSION_STATUS_WIDGET_FRAMES": [
        "https://",
        "https://app.example.org/path",
        "https://app.example.org:99999",
        "https://user@app.example.org",
        "https://*.example.org",
        "app.example.org",
        "https://app.example.org; script-src *",
    ],
    "SESSION_STATUS_WORKER_PROCESSES": [*ODD_NUMBERS, "0", "65"],
    "SESSION_STATUS_WORKER_RUNS": [*ODD_NUMBERS, "0", "257"],
    "SESSION_STATUS_BACKGROUND_JOBS": [*ODD_NUMBERS, "0", "17"],
    "SESSION_STATUS_MAX_WALL": [*ODD_NUMBERS, "0", "31"],
    "SESSION_STATUS_MAX_CPU": [*ODD_NUMBERS, "0", "31"],
    "SESSION_STATUS_MAX_MEMORY": [*ODD_NUMBERS, "7", "1025"],
    "SESSION_STATUS_MAX_CALLS": [*ODD_NUMBERS, "101"],
    "SESSION_STATUS_MAX_READ": [*ODD_NUMBERS, "0", "65"],
    "SESSION_STATUS_SANDBOX_ALLOW_WEAK": ["perhaps", "2"],
    "SESSION_STATUS_SANDBOX_REQUIRE": ["prayer", "landlock;namespaces"],
    "SESSION_STATUS_ALLOW_LOOPBACK_VENDORS": ["perhaps", "2"],
    "SESSION_STATUS_VENDOR_CA_FILE": ["/nonexistent/ca.pem", "/", "/etc/passwd", "/dev/null", "a\tb"],
    "SESSION_STATUS_RETURN_TOKEN_HOURS": [*ODD_NUMBERS, "0", "169"],
    "SESSION_STATUS_LOG_LEVEL": ["info", "TRACE"],
    "SESSION_STATUS_LOG_FORMAT": ["JSON", "xml", "text,json"],
}
GOOD = {
    "SESSION_STATUS_PUBLIC_URL": {
        "https://status.example.org/": "https://status.example.org",
        "https://Status.Example.org:443": "https://status.example.org",
        "https://status.example.org:8443": "https://status.example.org:8443",
        "https://straße.example": "https://xn--strae-oqa.example",
        "https://[2001:db8::1]:8443/": "https://[2001:db8::1]:8443",
    },
    "SESSION_STATUS_WEB_BIND": {each: each for each in ("0.0.0.0:80", "[::]:8000", "127.0.0.1:65535")},
    "SESSION_STATUS_WIDGET_FRAMES": {
        "https://a.example, http://B.example:81": ("https://a.example", "http://b.example:81")
    },
    "DATABASE_URL": {
        "postgres://u:p%40s@db:5432/status?sslmode=require": "postgresql+psycopg://u:p%40s@db:5432/status?sslmode=require",
        "postgresql://u:odd#pass/word@my_db/status": "postgresql+psycopg://u:odd#pass/word@my_db/status",
        "postgresql:///status?host=/run/postgresql": "postgresql+psycopg:///status?host=/run/postgresql",
        "sqlite:////var/lib/status/status.db": "sqlite:////var/lib/status/status.db",
    },
    "REDIS_URL": {
        each: each
        for each in (
            "redis://my_store",
            "rediss://u:p#w@store:6380/1",
            "redis://[::1]:6379/",
            "unix:///run/v.sock?db=1",
        )
    },
}


def faults_of(env):
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment(env)
    return caught.value.faults


def test_somebody_looked_at_every_setting():
    assert set(NONSENSE) == {entry.name for entry in SETTINGS}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in NONSENSE.items() for value in values], ids=ascii
)
def test_nonsense_in_a_setting_is_one_fault_that_names_it(name, value):
    (fault,) = faults_of(PRODUCTION | {name: value})
    assert name in fault


@pytest.mark.parametrize(
    ("name", "given"), [(name, given) for name, values in GOOD.items() for given in values], ids=ascii
)
def test_a_good_address_is_taken_and_put_into_one_form(name, given):
    attribute = next(entry.attribute for entry in SETTINGS if entry.name == name)
    assert getattr(Settings.from_environment(PRODUCTION | {name: given}), attribute) == GOOD[name][given]


def test_faults_of_different_settings_are_told_together():
    env = {name: values[0] for name, values in NONSENSE.items() if name != "SESSION_STATUS_ENV"}
    faults = faults_of(PRODUCTION | env)
    assert len(faults) == len(env)


# -- keys ---------------------------------------------------------------------------------------------------------


def test_random_keys_of_every_kind_are_good():
    chance = random.Random(7)
    for _ in range(500):
        drawn = chance.randbytes(32)
        assert weakness(base64.urlsafe_b64encode(drawn).decode().rstrip("=")) is None
        assert weakness(base64.b64encode(drawn[:24]).decode()) is None
        assert weakness(drawn.hex()) is None
        assert weakness(drawn[:16].hex()) is None
        assert weakness("".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=32))) is None


@pytest.mark.parametrize("key", [key for key in WEAK_KEYS if key != "short"])
def test_a_fault_of_a_key_shows_nothing_of_it(key):
    (fault,) = faults_of(PRODUCTION | {"SESSION_STATUS_SECRET_KEY": key})
    assert "must be random" in fault
    assert key not in fault


def test_a_weak_earlier_key_is_taken_because_what_it_sealed_has_to_be_sealed_again():
    settings = Settings.from_environment(PRODUCTION | {"SESSION_STATUS_SECRET_KEYS_OLD": f"{'k' * 40},{'n' * 32}"})
    assert settings.keys == (KEY, "k" * 40, "n" * 32)


# -- certificates -------------------------------------------------------------------------------------------------


@pytest.fixture
def authority():
    return trustme.CA()


def test_a_file_with_an_authority_is_taken(authority, tmp_path):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    assert Settings.from_environment(PRODUCTION | {"SESSION_STATUS_VENDOR_CA_FILE": str(file)}).vendor_ca_file == str(
        file
    )


@pytest.mark.parametrize("kind", ["a server's", "its key", "broken", "half", "empty", "a folder"])
def test_a_file_without_an_authority_is_refused(authority, tmp_path, kind):
    file, server = tmp_path / "ca.pem", authority.issue_cert("vendor.example.org")
    content = {
        "a server's": server.cert_chain_pems[0].bytes(),
        "its key": server.private_key_pem.bytes(),
        "broken": authority.cert_pem.bytes().replace(b"M", b"!"),
        "half": authority.cert_pem.bytes()[:200],
        "empty": b"",
    }
    file.mkdir() if kind == "a folder" else file.write_bytes(content[kind])
    (fault,) = faults_of(PRODUCTION | {"SESSION_STATUS_VENDOR_CA_FILE": str(file)})
    assert "VENDOR_CA_FILE" in fault


# -- doctor -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSION_STATUS_SECRET_KEY", "k" * 32),
        ("SESSION_STATUS_PUBLIC_URL", "https://status.example.org/status"),
        ("SESSION_STATUS_VENDOR_CA_FILE", "/nonexistent/ca.pem"),
        ("SESSION_STATUS_VENUE_NETWORKS", "0.0.0.0/0"),
    ],
)
def test_doctor_names_the_setting_that_says_nonsense(name, value):
    result = CliRunner().invoke(main, ["doctor", "--json"], env=PRODUCTION | {name: value})
    line = next(line for line in json.loads(result.stdout)["lines"] if line["part"] == "settings")
    assert (line["state"], result.exit_code) == ("fail", 1)
    assert name in line["found"]
    assert "k" * 32 not in result.output
    assert KEY not in result.output


def test_doctor_warns_of_an_earlier_key_that_can_be_guessed(tmp_path):
    env = PRODUCTION | {
        "SESSION_STATUS_SECRET_KEYS_OLD": "k" * 40,
        "DATABASE_URL": f"sqlite:///{tmp_path}/none.db",
        "REDIS_URL": "unix:///nonexistent",
    }
    result = CliRunner().invoke(main, ["doctor", "--json"], env=env)
    lines = [line for line in json.loads(result.stdout)["lines"] if line["part"] == "settings"]
    assert [line["state"] for line in lines] == ["ok", "warn"]
    assert "connection reseal" in lines[1]["todo"]
    assert "k" * 40 not in result.output
