"""The jail's report says what was observed to hold, on machines that refuse a layer when a child enters it."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import JailReport, examine
from sandbox.jail import inspection
from sandbox.jail.report import JailConfig, objection
from sandbox.zygote.startup import JAIL_USER
from tests.sandbox.boxes import HERE, RAW, SCRIPT_INPUT, Vendor, descendants, indented
from tests.support import ROOT

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().machine != "x86_64", reason="the refusals have x86_64 numbers"
)

#: What the machine refuses: system call, its first argument or None for any, the kernel's error.
REFUSED = {
    "seccomp_is_not_in_the_kernel": (157, 22, 22),
    "seccomp_is_forbidden": (157, 22, 1),
    "landlock_is_forbidden": (446, None, 1),
    "landlock_is_out_of_layers": (446, None, 7),
    "another_user_is_forbidden": (117, None, 1),
    "timers_are_forbidden": (38, None, 1),
}

MACHINE = f"""
import json, sys
sys.path[:0] = {[str(ROOT), str(HERE), *[p for p in sys.path if p.endswith("site-packages")]]!r}
from boxes import RAW
from sandbox import examine, JailConfig, JailTooWeak, Sandbox
from sandbox.jail import kernel
from sandbox.jail.seccomp import SeccompProgram
number, first, error = {{refusal}}
asked = [(0x20, 0, 0, 16), (0x15, 0, 1, first)] if first is not None else []
program = [(0x20, 0, 0, 0), (0x15, 0, len(asked) + 1, number), *asked, (6, 0, 0, 0x50000 | error), (6, 0, 0, 0x7FFF0000)]
kernel.control(kernel.PR_SET_NO_NEW_PRIVS, 1)
SeccompProgram(program).install()
report, reason = examine(launch=RAW)
try:
    Sandbox(launch=RAW, config=JailConfig(allow_weak=True)).start().close()
    started = True
except JailTooWeak:
    started = False
print(json.dumps([report.as_dict(), reason, started]))
"""


@functools.cache
def machine_that_refuses(name):
    code = MACHINE.format(refusal=REFUSED[name])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", ["seccomp_is_not_in_the_kernel", "seccomp_is_forbidden"])
def test_seccomp_that_cannot_be_installed_is_not_called_on(name):
    report, reason, started = machine_that_refuses(name)
    assert (report["seccomp"], report["attempts"], started) == (False, [], False)
    assert report["landlock"] > 0
    assert "seccomp OFF" in reason
    assert "seccomp cannot be installed" in reason
    assert "got through" not in reason


@pytest.mark.parametrize("name", ["landlock_is_forbidden", "landlock_is_out_of_layers"])
def test_landlock_that_cannot_be_entered_is_not_called_there(name):
    report, reason, started = machine_that_refuses(name)
    assert (report["seccomp"], report["landlock"], started) == (False, 0, False)
    assert "Landlock cannot be entered" in reason


@pytest.mark.parametrize("name", REFUSED)
def test_a_step_that_the_machine_refuses_stops_the_worker_and_is_named(name):
    if name == "another_user_is_forbidden" and os.getuid() != 0:
        pytest.skip("only the zygote of root gives its children another user")
    report, reason, started = machine_that_refuses(name)
    assert (report["seccomp"], report["attempts"], report["leaks"], started) == (False, [], [], False)
    assert "could not be started" in reason
    assert "cannot" in reason


def test_what_is_reported_was_seen_by_a_child():
    report, reason = examine(launch=RAW)
    assert report.seccomp
    assert report.uid == (JAIL_USER if os.getuid() == 0 else os.getuid())
    assert f"all {len(report.attempts)} were stopped" in report.probes
    assert reason == ""


def status_of(pid):
    rows = (line.split(":\t") for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    return {name: value.strip() for name, value in rows}


def test_the_zygote_is_locked_in_itself_and_a_spare_has_both_filters(raw):
    (zygote,) = descendants(raw.sandbox.zygote_pid)[:1]
    seen = status_of(zygote)
    assert (seen["Seccomp"], seen["NoNewPrivs"]) == ("2", "1")
    filters = int(seen.get("Seccomp_filters", 1))
    code = raw.sandbox.check(indented("return message(api.get('v', '/').text)")).code
    states = []

    class Looking(Vendor):
        def call(self, call, *, deadline, read_bytes_left):
            states.extend(status_of(pid).get("Seccomp_filters", "2") for pid in descendants(zygote))
            return super().call(call, deadline=deadline, read_bytes_left=read_bytes_left)

    raw.sandbox.run(code, SCRIPT_INPUT, powers=Looking())
    assert max(int(state) for state in states) == filters + 1


def test_the_attempts_of_the_zygotes_own_jail_are_reported_by_their_names():
    report, _ = examine(launch=RAW)
    assert {"zygote_open", "zygote_exec", "zygote_socket", "zygote_ptrace", "zygote_new_namespace"} <= set(
        report.attempts
    )
    assert {"cpu_time", "wall_time"} <= set(report.attempts)


def test_a_filter_that_lets_everything_through_is_no_filter(monkeypatch):
    monkeypatch.setattr(inspection, "lock_zygote", lambda plan: None)
    monkeypatch.setattr(inspection, "start_lockdown", lambda plan, channel: None)
    monkeypatch.setattr(inspection, "finish_lockdown", lambda plan, limits: None)
    assert inspection.inspect_self(inspection.Plan(parent=1, base_bytes=0), 3, b"").seccomp is False


def test_a_report_without_a_single_attempt_lets_no_script_run():
    report = JailReport(arch="x86_64", system="Linux", runtime="r", seccomp=True, landlock=7, uid=64000)
    assert "none was made" in objection(report, JailConfig())


def test_a_jail_that_never_started_is_not_described():
    report = JailReport(arch="x86_64", system="Linux", runtime="r", fault="no module")
    assert report.layers == ""
    assert "seccomp" not in objection(report, JailConfig())
