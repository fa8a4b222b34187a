"""The systemd units and the file of settings as shipped: systemd reads them, what they name is there, and their numbers fit ours."""

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest

import worker
from runner.checks import check_server
from runner.queues import thread_worker
from runner.queues.job_orders import KINDS
from runner.runs import traces
from runner.settings.operator_settings import SETTINGS, Settings, SettingsError
from runner.settings.readers import whole
from sandbox.check_protocol import CHECK_LIMITS
from tests.system.deployment.proxy import ROOT, SHIPPED
from tests.system.deployment.servers import environment
from web.server import granian_server
from web.server.open_files import OTHER_FILES

DEPLOYMENT = ROOT / "docs" / "deployment"
UNITS = DEPLOYMENT / "systemd"
SHARED = UNITS / "session-status-.service.d" / "all.conf"
WEB = UNITS / "session-status-web@.service"
#: It runs no command of ours; test_hanging_web_server.py runs what it does.
WATCH = "session-status-web-watch@.service"
PROGRAM = "/opt/session-status/.venv/bin/session-status"
#: Options that take a layer of the jail away, found by trial with `doctor`; see the comment in the file.
AGAINST_THE_JAIL = {"RestrictNamespaces", "SystemCallFilter"}


def options(path):
    """Every option of a unit with all its values."""
    found = {}
    for line in path.read_text().splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def services():
    return sorted(UNITS.glob("*.service"))


def example(text):
    """The settings of a file as systemd reads it."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return {name: " ".join(shlex.split(value)) for name, _, value in (line.partition("=") for line in lines)}


def commands():
    """The arguments of `session-status` in each unit but the one that asks from outside."""
    found = {path.name: shlex.split(options(path)["ExecStart"][0])[1:] for path in services()}
    del found[WATCH]
    return found


def test_systemd_finds_nothing_to_complain_about(tmp_path):
    if shutil.which("systemd-analyze") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("no systemd-analyze here: install it (Debian: apt install systemd)")
        pytest.skip("no systemd-analyze here")
    folder = tmp_path / "units"
    shutil.copytree(UNITS, folder)
    for path in folder.glob("*.service"):  # it looks whether the program is there
        path.write_text(path.read_text().replace(PROGRAM, sys.executable))
    names = [path.name.replace("@.", "@8001.") for path in folder.iterdir() if path.is_file()]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(folder / name for name in names)],
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{folder}:"},
        capture_output=True,
        text=True,
        check=False,
    )
    ours = [line for line in done.stderr.splitlines() if "session-status" in line]  # it reads the machine's own, too
    assert (done.returncode, ours) == (0, [])


def test_every_command_of_a_unit_exists_and_every_unit_has_one():
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    known = {name for name, _ in reference.each_command(reference.commands, "session-status")}
    for name, words in commands().items():
        assert options(UNITS / name)["ExecStart"][0].startswith(f"{PROGRAM} "), name
        assert " ".join(["session-status", *takewhile(lambda word: word[0] not in "$-", words)]) in known, name
    for timer in UNITS.glob("*.timer"):
        assert timer.with_suffix(".service").exists()


def test_a_command_by_hand_has_what_the_services_have():
    text = (DEPLOYMENT / "session-status").read_text()
    assert f'{PROGRAM} "$@"' in text
    for name in ("EnvironmentFile", "UMask", "StateDirectory", "StateDirectoryMode"):
        assert f"--property={name}={options(SHARED)[name][0]}" in text
    assert options(SHARED)["Environment"] == ["PGAPPNAME=%N"]
    assert "--setenv=PGAPPNAME=session-status-command " in text
    assert f"--uid={options(SHARED)['User'][0]} --gid={options(SHARED)['Group'][0]} " in text


def test_every_service_gets_the_shared_options():
    """systemd takes them from a folder that is named after the part before the last hyphen."""
    assert all(path.name.startswith("session-status-") for path in services())
    assert options(SHARED)["EnvironmentFile"] == ["/etc/session-status/environment"]
    assert not any("EnvironmentFile" in options(path) for path in services() if "audit" not in path.name)


def test_nothing_takes_a_layer_from_the_jail():
    for path in (*services(), SHARED):
        assert path == WEB or not AGAINST_THE_JAIL & set(options(path)), path.name


def test_the_web_server_which_faces_the_internet_has_what_would_take_a_layer_from_a_jail():
    walls = {
        name: values for name, values in options(WEB).items() if name in {*AGAINST_THE_JAIL, "SystemCallErrorNumber"}
    }
    assert walls == {
        "RestrictNamespaces": ["yes"],
        "SystemCallFilter": ["@system-service", "~@privileged @resources"],
        "SystemCallErrorNumber": ["EPERM"],
    }


def test_the_web_servers_are_where_nginx_looks_for_them():
    unit = options(UNITS / "session-status-web@.service")
    assert unit["Environment"] == ["SESSION_STATUS_WEB_BIND=127.0.0.1:%i"]
    ports = re.findall(r"server 127\.0\.0\.1:(\d+) ", SHIPPED.read_text())
    enabled = re.findall(r"session-status-web@(\d+)", (UNITS / "session-status-web@.service").read_text())
    assert ports == enabled
    assert "SESSION_STATUS_WEB_BIND" not in example((DEPLOYMENT / "environment").read_text())  # it would win


def test_limits_and_times_fit_ours():
    web, work = (options(UNITS / f"session-status-{name}@.service") for name in ("web", "worker"))
    default = Settings()
    assert int(web["TimeoutStopSec"][0]) > granian_server.GRACE_S
    assert int(web["LimitNOFILE"][0]) >= default.web_connections + OTHER_FILES
    longest = next(entry for entry in SETTINGS if entry.attribute == "max_wall_s").read("30")
    assert int(work["TimeoutStopSec"][0]) > longest + traces.LAST_S + thread_worker.IDLE_S + thread_worker.BEAT_S
    assert whole(1, 64)(work["MemoryMax"][0].removesuffix("G")) * 1024 >= default.worker_runs * (64 + 4) + 512
    assert work["RestartPreventExitStatus"] == [str(worker.EXIT_JAIL_TOO_WEAK)]
    background = options(UNITS / "session-status-background@.service")
    assert (
        int(background["TimeoutStopSec"][0]) > thread_worker.IDLE_S + thread_worker.WORKER_TTL_S + CHECK_LIMITS.wall_s
    )
    checks = check_server.AT_A_TIME * CHECK_LIMITS.memory_bytes // 2**20
    needed = default.background_jobs * max(kind.memory_mib for kind in KINDS.values()) + checks + 256
    assert whole(1, 64)(background["MemoryMax"][0].removesuffix("G")) * 1024 >= needed
    assert {one["KillMode"][0] for one in (web, work, background)} == {"mixed"}
    assert options(SHARED)["MemorySwapMax"] == ["0"]
    kept = re.findall(r"keepalive_timeout (\d+)s;", SHIPPED.read_text())
    assert int(kept[0]) < granian_server.HEAD_S


def test_the_example_settings_are_all_that_production_demands():
    text = (DEPLOYMENT / "environment").read_text()
    given = example(text)
    # PGPASSWORD is PostgreSQL's own.
    assert set(given) <= {entry.name for entry in SETTINGS} | {"PGPASSWORD"}
    assert set(re.findall(r"^#(\w+)=", text, re.MULTILINE)) <= {entry.name for entry in SETTINGS}
    with pytest.raises(SettingsError) as unset:
        Settings.from_environment(given)
    assert [fault.split(" ")[0] for fault in unset.value.faults] == ["SESSION_STATUS_SECRET_KEY"]
    filled = given | {"SESSION_STATUS_SECRET_KEY": "Zk3v_9sQm1xT7LrD2wYb8cHn5uPe0aGf4jKo6iRtUyE"}
    assert Settings.from_environment(filled).trusted_proxies == 1
    for name in ("SESSION_STATUS_PUBLIC_URL", "DATABASE_URL", "REDIS_URL"):
        with pytest.raises(SettingsError, match=name):
            Settings.from_environment(filled | {name: ""})


@pytest.mark.parametrize("unit", ["saml-refresh", "audit-verify", "doctor"])
def test_what_a_timer_starts_runs_with_the_settings_of_the_file(unit, production, tmp_path):
    text = (DEPLOYMENT / "environment").read_text()
    for name, value in production.items():
        text = re.sub(rf"^{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
    text = text.replace("/var/lib/session-status", str(tmp_path))
    words = [word for word in commands()[f"session-status-{unit}.service"] if word[0] != "$"]
    program = [sys.executable, "-P", "-m", "web.cli"]
    env = environment(**example(text))
    done = subprocess.run([*program, *words], env=env, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert list(Path(tmp_path).iterdir()) == []
