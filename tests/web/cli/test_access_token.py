"""`users token`: a login without authentication, so only in development, and for a known user who is not locked out."""

import json

import pytest

from records import Database
from records.people import users
from records.tenants import implementations
from runner.logins import LoginStore, fingerprint
from runner.logins.app_tokens import ACCESS_S
from runner.settings.operator_settings import Settings
from runner.store.mark_administration import replace_mark
from tests.web.cli.stores import PRODUCTION, keys, made_for


@pytest.fixture
def env(records, redis, valkey_url, cli):
    """A development machine with a store, one implementation and one user."""
    replace_mark(valkey_url, "development")
    made = {**records, "REDIS_URL": valkey_url}
    assert cli("implementation", "add", "aha26", "--name", "AHA 2026", env=made).exit_code == 0
    assert cli("users", "add", "aha26", "165", "--first-name", "Mei", env=made).exit_code == 0
    return made


def test_the_login_ends_with_its_token_and_is_noted_but_not_with_the_token(cli, env):
    result = cli("users", "token", "aha26", "165", env=env)
    token = result.stdout.strip()
    store = LoginStore.open(Settings.from_environment(env))
    visitor, ends = store.tokens.holder(fingerprint(token))
    store.close()
    assert (visitor.implementation, visitor.subject, visitor.source) == ("aha26", "165", "command line")
    assert ends == visitor.until == visitor.since + ACCESS_S
    audit = cli("audit", "list", "--json", env=env).stdout
    newest = json.loads(audit)[0]
    assert (newest["action"], newest["implementation"], newest["target"]) == ("token.issued", "aha26", "165")
    assert token not in audit


def test_production_refuses_and_its_store_holds_no_login(cli, redis, valkey_url, tmp_path):
    replace_mark(valkey_url, "production")
    url = made_for(f"sqlite:///{tmp_path}/records.db", "production", "aha26")
    production = {**PRODUCTION, "DATABASE_URL": url, "REDIS_URL": valkey_url}
    assert cli("users", "add", "aha26", "165", env=production).exit_code == 0
    before = keys(valkey_url)
    result = cli("users", "token", "aha26", "165", env=production)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "`users token` is for development, and SESSION_STATUS_ENV is production." in result.stderr
    assert keys(valkey_url) == before


def test_a_stranger_and_somebody_locked_out_get_none(cli, env):
    assert "aha26 has no user '7'" in cli("users", "token", "aha26", "7", env=env).stderr
    database = Database(Settings.from_environment(env).database_url)
    with database.session() as db:
        users.disable(db, users.find(db, implementations.find(db, "aha26"), "165"), "lost phone")
    database.dispose()
    result = cli("users", "token", "aha26", "165", env=env)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "165 is locked out of aha26." in result.stderr


@pytest.mark.parametrize("url", ["", "unix:///nonexistent/store.sock"])
def test_without_a_store_there_is_no_token(cli, env, url):
    result = cli("users", "token", "aha26", "165", env={**env, "REDIS_URL": url})
    assert (result.exit_code, result.stdout) == (2, "")
    assert "store" in result.stderr
