"""What a zygote loads at its start: every module costs each run memory, and some act after every fork."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import Sandbox
from sandbox.zygote import process
from tests.support import ROOT

HERE = Path(__file__).resolve().parent


def loaded():
    path = [str(Path(__file__).parent), *process._import_path()]
    package = str(Path(process.__file__).parents[1])
    boot = process._BOOT.format(path=path, package=package, entry="what_is_loaded", stack=process.STACK_BYTES)
    started = subprocess.run([sys.executable, "-I", "-S", "-B", "-c", boot], capture_output=True, check=True, env={})
    return set(json.loads(started.stdout))


def test_a_zygote_carries_neither_the_broker_nor_modules_that_act_after_a_fork():
    carried = loaded()
    assert {"sandbox.zygote.startup", "sandbox.child", "sandbox.language", "RestrictedPython"} <= carried
    assert not carried & {
        "sandbox.broker",
        "sandbox.zygote.pool",
        "sandbox.zygote.process",
        "sandbox.jail.report",
        "threading",
        "logging",
        "subprocess",
        "ssl",
        "redis",
    }


STACK = """
import sys
sys.path[:0] = {path!r}
from boxes import Box, RAW
from sandbox import Sandbox
with Sandbox(launch=RAW) as sandbox:
    deep = Box(sandbox).run("x = None\\nwhile True: x = (x, x)", memory_bytes=32 * 1024 * 1024)
    print(deep.kind, deep.error.text)
"""


@pytest.mark.parametrize("kilobytes", ["1024", "8192", "$(ulimit -H -s)"], ids=["small", "usual", "largest"])
def test_the_end_of_the_memory_is_told_however_large_the_stack_may_be(kilobytes):
    """Python 3.14 goes as deep as the limit of its stack lets it."""
    path = [str(ROOT), str(HERE), *[p for p in sys.path if p.endswith("site-packages")]]
    started = subprocess.run(
        ["sh", "-c", f'ulimit -S -s {kilobytes} && exec "$0" -B -c "$1"', sys.executable, STACK.format(path=path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert started.stdout == "out of memory the memory of 32 MiB is used up\n"


HAS_JIT = sys.version_info >= (3, 14) and sys._jit.is_available()


@pytest.mark.parametrize(
    ("jit", "unfit"),
    [("0", ""), pytest.param("1", "JIT", marks=pytest.mark.skipif(not HAS_JIT, reason="this Python has no JIT"))],
)
def test_an_interpreter_that_makes_machine_code_is_not_taken(jit, unfit):
    code = "from sandbox.zygote.interpreter_check import interpreter_fault; print(interpreter_fault())"
    said = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, env={"PYTHON_JIT": jit}, text=True)
    assert unfit in said
    assert bool(unfit) is bool(said.strip())


def test_a_zygote_makes_no_machine_code_whatever_its_surroundings_say(monkeypatch):
    monkeypatch.setenv("PYTHON_JIT", "1")
    with Sandbox() as sandbox:
        assert sandbox.report.fault == ""


def test_a_zygote_sees_its_children_end_although_the_service_was_started_to_see_none():
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with Sandbox() as sandbox:
            assert sandbox.check("def status(user, session, api):\n    return hidden()\n").ok
    finally:
        signal.signal(signal.SIGCHLD, before)
