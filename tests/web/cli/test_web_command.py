"""`session-status web`: what it says before it serves."""

import logging

import pytest

from web.cli.common.context import read_settings
from web.cli.operate import servers


@pytest.fixture
def said_at_start(records, cli, monkeypatch, caplog):
    """Start the command up to the point where it would serve; return what it has logged."""
    served = []
    monkeypatch.setattr(servers, "serve", served.append)
    monkeypatch.setattr(logging, "basicConfig", lambda **_: None)

    def start():
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            result = cli("web", env=records | {"REDIS_URL": "redis://127.0.0.1:1/0"})
        assert (result.exit_code, len(served)) == (0, 1), result.stderr
        served.clear()
        return caplog.text

    return start


def test_without_an_administrator_the_way_to_the_first_one_is_told_and_no_link_is_logged(said_at_start, records, cli):
    said = said_at_start()
    assert "session-status administrator link" in said
    assert "/console/first/" not in said
    assert not servers.has_administrator(read_settings(records))
    assert cli("role", "grant", "staff", "administrator", "--username", "root@example.org", env=records).exit_code == 0
    assert servers.has_administrator(read_settings(records))
    assert "administrator" not in said_at_start()
