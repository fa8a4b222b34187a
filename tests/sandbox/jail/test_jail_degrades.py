"""Machines without some layers: a probe notices each missing one, and scripts run only where the jail still holds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import JailConfig, JailReport, JailTooWeak, OutcomeKind, Sandbox, examine
from sandbox.jail.report import objection
from sandbox.zygote import entry
from sandbox.zygote.process import Launch
from tests.sandbox.boxes import HERE, RAW, SCRIPT_INPUT, Box, Vendor, indented
from tests.support import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the jail is Linux's")
AS_ROOT = os.getuid() == 0


def without(*layers):
    return replace(RAW, layers=tuple(layer for layer in RAW.layers if layer not in layers))


def test_with_everything_no_probe_gets_through():
    report, reason = examine(launch=RAW)
    assert (report.leaks, report.seccomp, reason) == ((), True, "")
    assert json.dumps(report.as_dict())


def test_without_namespaces_the_jail_still_holds():
    with Sandbox(launch=without("namespaces")) as sandbox:
        assert sandbox.report.namespaces == ()
        assert not sandbox.report.weak
        box = Box(sandbox)
        assert box.run("return message('x')").kind is OutcomeKind.RETURNED
        assert box.run("open('/etc/passwd')").error.type == "PermissionError"
        assert box.run("import os; os.fork()").alarm


def test_without_landlock_the_jail_still_holds():
    with Sandbox(launch=without("landlock")) as sandbox:
        assert (sandbox.report.landlock, sandbox.report.weak) == (0, False)
        assert Box(sandbox).run("import socket; socket.socket()").alarm


def test_without_a_filter_or_another_user_a_child_still_reaches_neither_the_zygote_nor_its_memory():
    """By Landlock alone: the child has a domain of its own, below that of the zygote."""
    report, _ = examine(launch=without("seccomp", "namespaces", "user"))
    if report.landlock < 6:
        pytest.skip("this kernel's Landlock keeps no signals in")
    assert {"exec_map", "disarm_timer"} <= set(report.leaks)
    assert not {"kill", "ptrace", "open", "exec", "zygote_open", "zygote_exec"} & set(report.leaks)


def test_without_seccomp_no_script_runs():
    with pytest.raises(JailTooWeak, match=r"seccomp OFF.*exec_map"):
        Sandbox(launch=without("seccomp")).start()


def test_with_the_language_layer_only_nearly_every_probe_gets_through():
    report, reason = examine(launch=replace(RAW, layers=()))
    assert {"exec_map", "ignore_timer", "block_timer"} <= set(report.leaks)
    assert all(name in reason for name in report.leaks)
    if AS_ROOT:
        assert {"fork", "exec", "kill", "uid0", "lift_limits", "zygote_exec", "zygote_exec_map"} <= set(report.leaks)
    assert "ptrace" not in report.leaks  # the zygote is not dumpable


def test_weak_mode_runs_scripts_and_says_so_loudly(caplog):
    with Sandbox(config=JailConfig(allow_weak=True), launch=without("seccomp")) as sandbox:
        assert sandbox.report.weak
        assert Box(sandbox).run("return message('x')").kind is OutcomeKind.RETURNED
    assert "WEAK SANDBOX" in caplog.text


def test_a_zygote_that_cannot_watch_processes_still_sees_them_end():
    with Sandbox(launch=replace(RAW, entry="blind_language")) as sandbox:
        box = Box(sandbox)
        assert [box.run("return message('x')").kind for _ in range(3)] == [OutcomeKind.RETURNED] * 3
        assert box.run("while True: pass", cpu_s=0.05).kind is OutcomeKind.TIMED_OUT
        assert box.run("import os; os.fork()").alarm


def test_tight_limits_of_the_service_are_kept_and_do_not_break_the_jail():
    code = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
sys.path[:0] = {[str(ROOT), str(HERE), *[p for p in sys.path if p.endswith("site-packages")]]!r}
from boxes import RAW, Box
from sandbox import Sandbox
with Sandbox(launch=RAW) as sandbox:
    print(list(sandbox.report.leaks), Box(sandbox).run("return message('x')", memory_bytes=1 << 40).kind)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("[] returned\n", "")


def test_what_the_operator_requires_must_be_there():
    config = JailConfig(require=frozenset({"landlock", "namespaces"}))
    with pytest.raises(JailTooWeak, match="requires landlock and namespaces"):
        Sandbox(config=config, launch=without("landlock", "namespaces")).start()


def test_an_unknown_requirement_is_refused():
    with pytest.raises(ValueError, match="apparmor"):
        JailConfig(require=frozenset({"apparmor"}))


def test_a_zygote_that_cannot_start_says_why():
    broken = replace(RAW, entry="no_such_module")
    with pytest.raises(JailTooWeak, match="could not be started"):
        Sandbox(launch=broken).start()
    report, reason = examine(launch=broken)
    assert "No module named 'no_such_module'" in report.fault
    assert "could not be started" in reason


def test_weak_mode_does_not_help_where_nothing_starts():
    with pytest.raises(JailTooWeak):
        Sandbox(config=JailConfig(allow_weak=True), launch=replace(RAW, entry="no_such_module")).start()


def test_a_leak_is_named_with_what_to_do():
    report = JailReport(arch="x86_64", system="Linux 4.4", runtime="r", leaks=("fork",))
    text = objection(report, JailConfig())
    assert "fork" in text
    assert "seccomp" in text


UNPRIVILEGED = f"""
import ctypes, os, sys
from pathlib import Path
libc = ctypes.CDLL(None, use_errno=True)
if {{forbid}}:
    # a user namespace in which no further one may be made; its outer parent has to write its maps
    (ready, tell_ready), (mapped, tell_mapped) = os.pipe(), os.pipe()
    child = os.fork()
    if child:
        os.read(ready, 1)
        for name in ("uid_map", "gid_map"):
            Path(f"/proc/{{{{child}}}}/{{{{name}}}}").write_text("0 0 1\\n65534 65534 1")
        os.write(tell_mapped, b"x")
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    assert libc.unshare(0x10000000) == 0, "unshare"
    os.write(tell_ready, b"x")
    os.read(mapped, 1)
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
os.setgroups([])
os.setresgid(65534, 65534, 65534)
os.setresuid(65534, 65534, 65534)
libc.prctl(4, 1, 0, 0, 0)
sys.path[:0] = {[str(ROOT), str(HERE), *[p for p in sys.path if p.endswith("site-packages")]]!r}
from boxes import RAW, Box
from sandbox import Sandbox
for launch in (RAW, None):
    with Sandbox(launch=RAW) if launch else Sandbox() as sandbox:
        report = sandbox.report
        ran = Box(sandbox).run("return message('x')")
        file = Box(sandbox).run("open('/etc/passwd')") if launch else None
        attack = Box(sandbox).run("import socket; socket.socket()") if launch else None
        print(report.uid, list(report.leaks), "user" in report.namespaces, ran.kind, file and file.error.type, attack and attack.alarm)
"""


def readable_python():
    """A Python which another user may start; one below a private home is none."""
    wanted = [sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}", "/usr/bin/python3"]
    for path in wanted:
        if Path(path).exists() and all(folder.stat().st_mode & 0o5 == 0o5 for folder in Path(path).resolve().parents):
            version = subprocess.check_output([path, "-c", "import sys; print(sys.version_info >= (3, 11))"], text=True)
            if version.strip() == "True":
                return path
    return None


@pytest.mark.skipif(not AS_ROOT, reason="becomes another user, which only root can")
@pytest.mark.parametrize("forbid", [False, True], ids=["user_namespaces_allowed", "user_namespaces_forbidden"])
def test_an_unprivileged_user_gets_a_jail_that_holds(forbid):
    python = readable_python()
    if python is None or not all(folder.stat().st_mode & 0o5 == 0o5 for folder in [ROOT, *ROOT.parents]):
        pytest.skip("neither this Python nor the system's can be read by an unprivileged user")
    code = UNPRIVILEGED.format(forbid=forbid)
    done = subprocess.run([python, "-B", "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2
    for line in done.stdout.splitlines():
        uid, leaks, user_namespace, kind = line.split()[:4]
        assert (uid, leaks, kind) == ("65534", "[]", "returned")
        assert user_namespace == str(not forbid)
    assert done.stdout.splitlines()[0].endswith("PermissionError True")


@pytest.mark.skipif(not AS_ROOT, reason="gives up what only root has")
def test_a_root_without_capabilities_gets_a_jail_that_holds():
    """As in a container that drops them all."""
    path = [str(ROOT), str(HERE), *[p for p in sys.path if p.endswith("site-packages")]]
    code = f"""
import sys
sys.path[:0] = {path!r}
from boxes import RAW, Box
from sandbox import Sandbox
from sandbox.jail.namespaces import keep_capabilities
keep_capabilities(())
with Sandbox(launch=RAW) as sandbox:
    run = Box(sandbox).run
    print(list(sandbox.report.leaks), run("return message('x')").kind, run("import os; os.setuid(0)").alarm)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("[] returned True\n", "")


def test_the_raw_language_is_out_of_reach_for_the_product():

    assert Launch().entry == "sandbox.zygote.entry"
    assert Launch().path == ()
    assert set(Launch().layers) == {"namespaces", "user", "landlock", "seccomp"}
    assert entry.jailed_functions.__name__ == "sandbox.language.jailed_functions"
    with Sandbox() as product:
        checked = product.check(indented("import os; os.fork()"))
        assert checked.code is None
        assert product.run(
            Box(product).sandbox.check(indented("return message('x')")).code, SCRIPT_INPUT, powers=Vendor()
        ).kind
