"""An author's own script on a machine without a jail: a plain child process, and the command says so. Never in a server."""

import pytest

from runner.settings.operator_settings import Settings, SettingsError
from runner.trials.trial import TrialSandbox
from tests.support import ROOT
from web.cli.authors import trial_sandboxes

EXAMPLE = ROOT / "scripts" / "examples" / "ce_credit"


@pytest.mark.parametrize("command", [["check"], ["run"], ["test"], ["explore", "--runs", "20"]])
def test_without_the_jail_every_offline_command_works_and_says_so(cli, command, caplog):
    name, *options = command
    told = cli("script", name, EXAMPLE, *options, env={"SESSION_STATUS_JAIL": "off"})
    assert told.exit_code == 0, told.output
    assert "No jail: SESSION_STATUS_JAIL is off." in told.stderr
    assert "No jail" not in told.stdout
    assert "WEAK" not in caplog.text


def test_on_a_system_without_a_jail_the_commands_work_and_say_so(cli, monkeypatch):
    monkeypatch.setattr(trial_sandboxes.sys, "platform", "darwin")
    told = cli("script", "check", EXAMPLE)
    assert (told.exit_code, "this system has none" in told.stderr) == (0, True)


def test_an_unclear_wish_is_refused(cli):
    told = cli("script", "check", EXAMPLE, env={"SESSION_STATUS_JAIL": "no"})
    assert (told.exit_code, "can only be off" in told.output) == (2, True)


def test_no_process_of_a_service_starts_with_the_jail_off():
    env = {"SESSION_STATUS_ENV": "development", "SESSION_STATUS_SECRET_KEY": "k" * 40, "SESSION_STATUS_JAIL": "off"}
    with pytest.raises(SettingsError, match="There is no setting SESSION_STATUS_JAIL"):
        Settings.from_environment(env)


def test_only_the_commands_of_authors_know_how_to_do_without_the_jail():
    """Workers and web servers take their sandbox from the settings."""
    for room in ("sandbox", "records", "runner", "web"):
        for path in (ROOT / room).rglob("*.py"):
            text, where = path.read_text(), path.relative_to(ROOT).as_posix()
            if (
                where.startswith("web/cli/authors/") or where == "runner/trials/author_project.py"
            ):  # writes a file for others
                continue
            assert "SESSION_STATUS_JAIL" not in text, where
            assert "plain_child=" not in text, where
            assert "layers=()" not in text or where == "runner/trials/trial.py", where


def test_a_jail_that_ends_and_does_not_start_again_is_told_in_a_sentence(cli, monkeypatch):
    """As when a machine runs out of memory."""

    class Ended(TrialSandbox):
        def __enter__(self):
            super().__enter__()
            self._sandbox.close()
            return self

    monkeypatch.setattr(trial_sandboxes, "TrialSandbox", Ended)
    for command in (["check"], ["run"], ["test"], ["explore", "--runs", "20"]):
        name, *options = command
        told = cli("script", name, EXAMPLE, *options)
        assert (told.exit_code, "The jail ended and did not start again" in told.output) == (2, True), told.output
        assert "Traceback" not in told.output
