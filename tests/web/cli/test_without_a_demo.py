"""A command that does not find the data it works on says what is missing and what makes it, and makes nothing itself."""

import fcntl
import json
from contextlib import contextmanager

import pytest

from runner.settings.operator_settings import SETTINGS
from web.cli.common import missing_data
from web.cli.common.running_note import running_note

SCRIPT = "def status(user, session, api):\n    return hidden()\n"
#: What the guides write with the demo.
ON_THE_DEMO = (
    ("status", "get", "demo", "CE-101", "--user", "165"),
    ("script", "activate", "demo", "my_script.py"),
    ("script", "run", "my_script.py", "--live", "demo"),
    ("users", "list", "demo"),
    ("users", "token", "demo", "165"),
    ("runs", "list", "demo", "--failed"),
    ("connection", "list", "demo"),
)
#: What an operator's supervisor starts, and what else works on stores as a whole.
OF_A_SERVER = (("web",), ("worker",), ("db", "upgrade"), ("db", "mark", "production"))
DEVELOPMENT = {"SESSION_STATUS_ENV": "development"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder, without any settings."""
    for one in SETTINGS:
        monkeypatch.delenv(one.name, raising=False)
    made = tmp_path / "work"
    made.mkdir()
    monkeypatch.chdir(made)
    (made / "my_script.py").write_text(SCRIPT)
    return made


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A clone of the repository somewhere else."""
    made = tmp_path / "clone"
    made.mkdir()
    (made / "Makefile").touch()
    monkeypatch.setattr(missing_data, "ROOT", made)
    return made


@contextmanager
def running(folder, **note):
    """A data folder that an `up` holds, with its note."""
    folder.mkdir()
    if note:
        (folder / "running.json").write_text(json.dumps(note))
    with (folder / "up.lock").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def names(folder):
    return sorted(one.name for one in folder.iterdir())


def told(result):
    """The first sentence of a refusal."""
    assert result.exit_code == 2, result.output
    return result.stderr.splitlines()[0].removeprefix("session-status: ")


@pytest.mark.parametrize("words", ON_THE_DEMO, ids=" ".join)
@pytest.mark.parametrize("has_folder", [False, True])
def test_where_nothing_is_set_and_no_demo_was_made_one_sentence_names_the_command_that_makes_it(
    cli, folder, clone, words, has_folder
):
    if has_folder:
        (folder / "data").mkdir()
    result = cli(*words)
    assert told(result) == (
        f"There is no demo in {folder}/data. Create and start one with `make run` in {clone} (or `session-status up` here)."
    )
    assert "must" not in result.stderr
    assert names(folder) == ["data"] * has_folder + ["my_script.py"]
    assert not has_folder or names(folder / "data") == []


def test_in_the_clone_itself_the_command_is_make_run_alone(cli, clone, folder, monkeypatch):
    monkeypatch.chdir(clone)
    assert "Create and start one with `make run` (or `session-status up` here)." in told(cli("users", "list", "demo"))


def test_a_demo_that_was_stopped_is_to_be_started(cli, folder, clone):
    (folder / "data").mkdir()
    (folder / "data" / "session-status.db").touch()
    assert told(cli(*ON_THE_DEMO[0])).startswith(f"The demo in {folder}/data is not running. Start it with `make run`")


def test_a_demo_that_runs_in_the_clone_is_pointed_at_from_another_folder(cli, folder, clone):
    with running(clone / "data"):
        said = told(cli(*ON_THE_DEMO[1]))
    assert said == (
        f"No demo is running in {folder}/data, but one is running in {clone}/data. Run this command in {clone}, "
        f"or set SESSION_STATUS_DATA_FOLDER={clone}/data first."
    )


def test_a_demo_that_is_still_starting_is_waited_for(cli, folder, clone):
    with running(folder / "data"):
        assert told(cli(*ON_THE_DEMO[0])) == f"The demo in {folder}/data is still starting. Try again in a moment."


def test_the_note_of_a_killed_up_counts_no_more(folder):
    with running(folder / "data", REDIS_URL="unix:///gone.sock"):
        assert running_note(folder / "data") == {"REDIS_URL": "unix:///gone.sock"}
    assert running_note(folder / "data") == {}


@pytest.mark.parametrize("words", OF_A_SERVER, ids=" ".join)
def test_commands_of_a_server_name_every_setting_that_is_missing(cli, folder, clone, words):
    names_all(cli(*words))


@pytest.mark.parametrize("words", ON_THE_DEMO, ids=" ".join)
@pytest.mark.parametrize("setting", ["SESSION_STATUS_ENV", "SESSION_STATUS_VENDOR_CA_FILE"])
def test_where_production_is_meant_every_setting_that_is_missing_is_named(cli, folder, clone, words, setting):
    value = {"SESSION_STATUS_ENV": "production"}.get(setting, "/etc/ssl/certs/ca-certificates.crt")
    names_all(cli(*words, env={setting: value}))


def test_an_installed_package_has_no_demo_and_names_every_setting(cli, folder, clone):
    (clone / "Makefile").unlink()
    names_all(cli("users", "list", "demo"))


def names_all(result):
    assert result.exit_code == 2
    for name in ("SESSION_STATUS_SECRET_KEY", "DATABASE_URL", "REDIS_URL", "SESSION_STATUS_PUBLIC_URL"):
        assert f"{name} must" in result.stderr


@pytest.mark.parametrize("words", [*ON_THE_DEMO, ("web",), ("worker",), ("db", "mark", "development")], ids=" ".join)
@pytest.mark.parametrize("has_folder", [False, True])
def test_development_in_a_foreign_folder_makes_nothing_there(cli, folder, clone, words, has_folder):
    if has_folder:
        (folder / "data").mkdir()
        (folder / "data" / "theirs.txt").touch()
    result = cli(*words, env=DEVELOPMENT)
    assert told(result).startswith(
        f"There is no data of a development run in {folder}/data. Create the demo with `make run`"
    )
    assert names(folder) == ["data"] * has_folder + ["my_script.py"]
    assert not has_folder or names(folder / "data") == ["theirs.txt"]


def test_a_named_database_without_its_key_is_told_and_no_other_key_is_made(cli, folder):
    env = DEVELOPMENT | {"DATABASE_URL": f"sqlite:///{folder}/theirs.db"}
    said = told(cli("users", "list", "demo", env=env))
    assert said.startswith(f"SESSION_STATUS_SECRET_KEY is not set, and there is no key in {folder}/data/secret-key")
    assert names(folder) == ["my_script.py"]


def test_an_upgrade_makes_the_data_folder_and_says_where(cli, folder):
    result = cli("db", "upgrade", env=DEVELOPMENT)
    assert result.exit_code == 0
    assert f"Created the data folder {folder}/data." in result.stderr
    assert "Made" not in cli("db", "upgrade", env=DEVELOPMENT).stderr


def test_the_doctor_looks_and_makes_nothing(cli, folder):
    cli("doctor", env=DEVELOPMENT)
    assert names(folder) == ["my_script.py"]


def test_development_without_the_demo_is_told_what_makes_it(cli, folder):
    assert cli("db", "upgrade", env=DEVELOPMENT).exit_code == 0
    said = told(cli("users", "list", "demo", env=DEVELOPMENT))
    assert said == "There is no implementation 'demo'. Existing: none yet. `session-status up` creates the demo."


@pytest.mark.parametrize(
    ("env", "hinted"),
    [({}, True), ({"SESSION_STATUS_ENV": "production"}, False), ({"REDIS_URL": "redis://127.0.0.1:6379/0"}, False)],
)
def test_only_who_has_set_nothing_of_a_server_is_led_to_development(cli, folder, monkeypatch, env, hinted):
    monkeypatch.setattr(missing_data, "ROOT", folder)  # an installed package, not a clone
    result = cli("web", env=env)
    assert (result.exit_code, "DATABASE_URL must be set" in result.stderr) == (2, True)
    assert ("or set SESSION_STATUS_ENV=development" in result.stderr) is hinted
