"""Someone who may change a connection but does not know its secret tries to send it elsewhere by a command."""

import pytest

from records import SecretBox
from records.tenants import connections, implementations
from web.cli.common.context import open_database, read_settings

ADD = ("connection", "add", "aha26", "ce", "--base-url", "https://cme.example.org", "--secret-env", "THE_SECRET")
BASIC = (*ADD, "--auth", "basic", "--auth-field", "user=us")
HEADER = (*ADD, "--auth", "api_key_header", "--auth-field", "name=X-Api-Key")
OAUTH = (
    *ADD, "--auth", "oauth2_client_credentials", "--auth-field", "token_url=https://login.example.org/token",
    "--auth-field", "client_id=us",
)  # fmt: skip
ATTACKS = {
    "another host": (BASIC, ("--base-url", "https://evil.example")),
    "another port": (BASIC, ("--base-url", "https://cme.example.org:8443")),
    "an address that is none": (BASIC, ("--base-url", "https://[cme.example.org")),
    "another kind": (BASIC, ("--auth", "bearer")),
    "another user": (BASIC, ("--auth-field", "user=somebody-else")),
    "another header": (HEADER, ("--auth-field", "name=From")),
    "another token server": (OAUTH, ("--auth-field", "token_url=https://evil.example/token")),
    "another client": (OAUTH, ("--auth-field", "client_id=them")),
}


@pytest.fixture
def event(cli, records):
    """An implementation `aha26`."""
    assert cli("implementation", "add", "aha26", "--name", "AHA", env=records).exit_code == 0
    return records


def opened_connections(env):
    settings = read_settings(env)
    database = open_database(settings)
    with database.reading() as db:
        found = connections.open_all(db, SecretBox(settings.keys), implementations.find(db, "aha26"))
    database.dispose()
    return found


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_secret_of_a_connection_is_not_sent_to(attack, cli, event):
    added, change = ATTACKS[attack]
    assert cli(*added, env={**event, "THE_SECRET": "hunter22"}).exit_code == 0
    before = opened_connections(event)
    for typed in ((), ("--secret-stdin",)):
        refused = cli("connection", "set", "aha26", "ce", *change, *typed, env=event, stdin="")
        assert refused.exit_code == 2, refused.output
        assert "secret" in refused.stderr.lower() or "base_url" in refused.stderr.lower()
        assert "hunter22" not in refused.output
    assert opened_connections(event) == before


def test_another_path_of_the_same_host_keeps_the_secret_without_asking(cli, event):
    assert cli(*BASIC, env={**event, "THE_SECRET": "hunter22"}).exit_code == 0
    assert cli("connection", "set", "aha26", "ce", "--base-url", "https://cme.example.org/v2", env=event).exit_code == 0
    (found,) = opened_connections(event).values()
    assert (found.base_url, found.secret) == ("https://cme.example.org/v2", "hunter22")
