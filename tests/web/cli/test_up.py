"""`up`: what it starts is there, what dies comes back, and nothing is left however it ends."""

import json
import os
import signal
import socket
import stat

import pytest

from tests.support import ROOT
from tests.support.eventually import eventually
from tests.support.running_up import free_ports, start_up

pytestmark = pytest.mark.slow

EXAMPLE = ROOT / "scripts" / "examples" / "annual_meeting" / "script.py"


TEXTS = {
    "CE-101": "Claim 1.0 CE credit",
    "CE-102": "1.5 CE when it ends",
    "CE-103": "Checked in",
    "LIVE-1": "Watch the recording",
    "LIVE-2": "Watch live",
    "LIVE-3": "The live stream opens at the start",
    "WS-201": "Register for this workshop",
    "LUNCH": None,
}


@pytest.fixture
def up(tmp_path):
    """A running `up`; whatever a test left of it is ended by its id."""
    started = start_up(tmp_path / "data")
    try:
        assert "is running" in started.output(), started.output()
        yield started
    finally:
        for pid in started.family():
            os.kill(pid, signal.SIGKILL)
        started.process.wait()


def test_everything_answers_ctrl_c_leaves_only_the_data_a_later_start_goes_on_with_it_and_what_is_killed_comes_back(
    up, cli
):
    """All of it with two starts, which are slow: what is looked at after the second one needs no start of its own."""
    env = {"SESSION_STATUS_DATA_FOLDER": str(up.folder)}

    def shown(session, user="165"):
        """The output of a command in another terminal; it finds the run by the note in the data folder."""
        return json.loads(cli("status", "get", "demo", session, "--user", user, "--json", env=env).stdout)

    everything_answers(up, shown)
    only_the_owner_may_use_the_folder(up, cli)
    key = (up.folder / "secret-key").read_text()
    assert up.stop(signal.SIGINT) == 0
    assert up.gone()
    assert not (up.folder / "running.json").exists()
    claimed = {"vendor": "ethosce", "user": "165", "session": "CE-101", "standing": "awarded", "at": 1.0}
    (up.folder / "demo" / "ledger.json").write_text(json.dumps([claimed]))
    again = start_up(up.folder, ports=(up.port, up.demo_port, up.idp_port))
    try:
        if shown("CE-101")["message"]["text"] == "Claim 1.0 CE credit":  # remembered, if the start was quick
            cli("status", "get", "demo", "CE-101", "--user", "165", "--returned", env=env)
        assert shown("CE-101")["message"]["text"] == "Credit claimed"
        assert (up.folder / "secret-key").read_text() == key
        assert "Version 1" in cli("script", "activate", "demo", EXAMPLE, env=env).stdout
        killed_processes_come_back_and_a_killed_up_takes_all_of_them_with_it(again)
    finally:
        again.process.kill()
        again.process.wait()


def everything_answers(up, shown):
    """The page leads to what is there, and every kind of session says something of its own."""
    assert up.demo in up.output()
    assert f"{up.service}/console/" in up.output()
    assert "Grace Okonkwo, administrator" in up.output()
    assert up.get("/login/demo")[0] == 303
    assert up.get("/readyz")[0] == 200
    assert "Sepsis in the first hour" in up.get("/", demo=True)[1]
    assert shown("CE-101")["trace"]["calls"][0]["status"] == 200
    texts = {session: (shown(session, "166")["message"] or {}).get("text") for session in TEXTS}
    assert texts == TEXTS


def only_the_owner_may_use_the_folder(up, cli):
    """And read the secrets; and nobody may start a second one in it."""
    for name in ("secret-key", "demo/vendor-keys.json", "identity-provider/key-and-certificate.pem"):
        assert stat.S_IMODE((up.folder / name).stat().st_mode) == 0o600
    ports = free_ports(3)
    options = ("--port", ports[0], "--demo-port", ports[1], "--idp-port", ports[2])
    beside = cli("up", "--data-folder", up.folder, *options)
    assert beside.exit_code == 2
    assert "Another `session-status up` uses" in beside.stderr


def killed_processes_come_back_and_a_killed_up_takes_all_of_them_with_it(up):
    for victim in ("web server", "background worker", "demo vendor", "identity provider"):
        [pid] = up.children(victim)
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda victim=victim, pid=pid: up.children(victim) not in (set(), {pid}), 15), victim
    assert eventually(lambda: ready(up), 30)
    assert up.output().count("will be restarted") == 4
    assert len(up.family()) >= 8
    up.stop(signal.SIGKILL)
    assert up.gone()


def test_a_taken_port_is_told_before_anything_starts(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = start_up(tmp_path / "data", ports=(port, *free_ports(2)))
        assert refused.process.wait(30) == 2
    assert f"Port {port} cannot be used: another program uses it." in refused.output()
    assert "use other ports: `session-status up --port" in refused.output()
    assert refused.gone(1)


@pytest.mark.parametrize("value", ["production", ""])
def test_up_refuses_in_production_and_asks_for_nothing_that_production_would_need(cli, tmp_path, value):
    env = {"SESSION_STATUS_ENV": value, "SESSION_STATUS_DATA_FOLDER": str(tmp_path)}
    result = cli("up", env=env)
    assert result.exit_code == 2
    assert "`up` is for development" in result.stderr
    assert "SECRET_KEY" not in result.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ("--port", "8765", "--demo-port", "8765"),
            "Port 8765 is used twice. Choose another port with --demo-port",
        ),
        (
            ("--port", "8765", "--demo-port", "8766", "--idp-port", "8765"),
            "Port 8765 is used twice. Choose another port with --idp-port",
        ),
        (("--port", "99999"), "99999 is not a port"),
        (("--data-folder", __file__), f"{__file__}: File exists. Choose another: --data-folder"),
    ],
)
def test_what_cannot_start_is_told_in_a_sentence_with_the_way_out(cli, tmp_path, monkeypatch, options, told):
    monkeypatch.chdir(tmp_path)
    result = cli("up", *options)
    assert result.exit_code == 2
    assert told in result.stderr


def ready(up):
    try:
        return up.get("/readyz")[0] == 200 and up.get("/live/healthz", demo=True)[0] == 200
    except OSError:
        return False
