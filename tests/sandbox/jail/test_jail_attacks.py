"""Scripts that have left the language: Python without any rule, against the kernel's limits alone."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from sandbox import OutcomeKind

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the jail is Linux's")

#: The kernel kills these at sight, and the version behind such a run has to be suspended.
KILLED = {
    "opens_a_socket": "import socket; socket.socket()",
    "opens_a_socket_pair": "import socket; socket.socketpair()",
    "forks": "import os; os.fork()",
    "executes_a_program": "import os; os.execv('/bin/sh', ['sh', '-c', 'touch /tmp/owned'])",
    "kills_the_zygote": "import os, signal; os.kill(os.getppid(), signal.SIGKILL)",
    "kills_everything": "import os, signal; os.kill(-1, signal.SIGKILL)",
    "traces_the_zygote": "kernel.call('ptrace', 0x4206, 1, 0, 0)",
    "reads_the_zygotes_memory": "kernel.call('process_vm_readv', 1, b'0' * 16, 1, b'0' * 16, 1, 0)",
    "opens_a_process_descriptor": "import os; os.pidfd_open(1)",
    "steals_a_descriptor": "kernel.call('pidfd_getfd', 0, 0, 0)",
    "maps_executable_memory": "import mmap; mmap.mmap(-1, 4096, prot=7)",
    "makes_memory_executable": "kernel.call('mprotect', 0, 4096, 5)",
    "makes_keyed_memory_executable": "kernel.call('pkey_mprotect', 0, 4096, 5, -1)",
    "makes_a_memory_file": "import os; os.memfd_create('x')",
    "becomes_root": "import os; os.setuid(0)",
    "becomes_another_group": "import os; os.setgroups([0])",
    "lifts_its_limits": "import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
    "sets_its_signal_mask_by_a_forged_return": "kernel.call('rt_sigreturn')",
    "disarms_the_cpu_timer": "import signal; signal.setitimer(signal.ITIMER_PROF, 0)",
    "leaves_into_a_namespace": "kernel.call('unshare', 0x10000000)",
    "enters_a_namespace": "kernel.call('setns', 3, 0)",
    "mounts": "kernel.call('mount', b'x', b'/', b'tmpfs', 0, None)",
    "installs_another_filter": "kernel.call('seccomp', 1, 0, None)",
    "sets_up_io_uring": "kernel.call('io_uring_setup', 1, b'0' * 120)",
    "loads_kernel_code": "kernel.call('bpf', 0, b'0' * 128, 128)",
    "handles_page_faults": "kernel.call('userfaultfd', 0)",
    "opens_by_handle": "kernel.call('open_by_handle_at', 3, b'0' * 16, 0)",
    "sends_a_descriptor": "kernel.call('sendmsg', 3, b'0' * 64, 0)",
    "receives_a_descriptor": "kernel.call('recvmsg', 3, b'0' * 64, 0)",
    "starts_a_thread": "import threading; threading.Thread(target=print).start()",
    "asks_as_x32": "kernel.call_number(0x40000000 + 39, 'getpid')",
}

#: These fail like a file that is not there: a forgotten lazy import must not look like an attack.
REFUSED = {
    "reads_a_file": "open('/etc/passwd').read()",
    "writes_a_file": "open('/tmp/session-status-owned', 'w')",
    "lists_a_folder": "import os; os.listdir('/')",
    "asks_about_a_file": "import os; os.stat('/etc/passwd')",
    "changes_folder": "import os; os.chdir('/tmp')",
    "removes_a_file": "import os; os.unlink('/tmp/x')",
    "reads_process_information": "open('/proc/self/environ').read()",
    "imports_what_was_not_warmed": "import sqlite3",
    "copies_the_channel": "import os; os.dup(3)",
    "makes_a_pipe": "import os; os.pipe()",
    "writes_to_the_terminal": "import os; os.write(1, b'x')",
    "writes_to_the_errors": "import os; os.write(2, b'x')",
    "reads_the_zygotes_socket": "import os; os.read(0, 1)",
    "reads_a_guessed_descriptor": "import os; os.read(5, 1)",
    "ignores_the_cpu_signal": "import signal; signal.signal(signal.SIGPROF, signal.SIG_IGN)",
    "blocks_the_cpu_signal": "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))",
    "closes_the_channel": "import os; os.close(3)",
    "sleeps": "import time; time.sleep(0.01)",
    "makes_itself_dumpable": "kernel.control(4, 1)",
    "sets_its_own_parent_death_signal": "kernel.control(1, 0)",
    "merges_its_memory_with_that_of_others": "import mmap; m = mmap.mmap(-1, 8192, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS); m.madvise(12)",
    "reads_the_clock_of_the_zygote": "import time; time.clock_gettime((~1 << 3) | 2)",
    "waits_on_a_priority_futex": "kernel.call('futex', b'0' * 8, 6, 0, None, None, 0)",
}


@pytest.mark.parametrize("attack", KILLED.values(), ids=KILLED.keys())
def test_a_hostile_call_ends_the_run_with_an_alarm(raw, attack):
    outcome = raw.run(f"{attack}\nreturn message('got through')")
    if "x32" in attack and os.uname().machine != "x86_64":
        pytest.skip("x32 is a mode of x86_64")
    assert (outcome.kind, outcome.alarm, outcome.value) == (OutcomeKind.CRASHED, True, None)
    assert "system call" in outcome.error.text


@pytest.mark.parametrize("attack", REFUSED.values(), ids=REFUSED.keys())
def test_a_refused_call_is_an_exception_without_an_alarm(raw, attack):
    outcome = raw.run(f"{attack}\nreturn message('got through')")
    assert (outcome.kind, outcome.alarm) == (OutcomeKind.RAISED, False)
    assert outcome.error.type in {"PermissionError", "OSError", "ModuleNotFoundError", "FileNotFoundError"}
    assert not Path("/tmp/session-status-owned").exists()


def test_an_alarm_goes_before_a_perfect_answer(raw):
    outcome = raw.run("""
frame(b'{"t":"result","value":{"text":"fine","link":null,"color":null}}')
import socket
socket.socket()
""")
    assert (outcome.kind, outcome.alarm, outcome.value) == (OutcomeKind.CRASHED, True, None)


def test_an_interpreter_that_gives_up_is_a_crash_and_no_alarm(raw):
    outcome = raw.run("import os; os.abort()")
    assert (outcome.kind, outcome.alarm) == (OutcomeKind.CRASHED, False)


def test_a_broken_pointer_is_a_crash_and_no_alarm(raw):
    outcome = raw.run("import ctypes; ctypes.string_at(8)")
    assert (outcome.kind, outcome.alarm, outcome.error.type) == (OutcomeKind.CRASHED, False, "SIGSEGV")


def test_a_script_cannot_end_its_process_in_place_of_an_answer(raw):
    outcome = raw.run("import os; os._exit(0)")
    assert (outcome.kind, outcome.alarm) == (OutcomeKind.CRASHED, False)


def test_the_environment_holds_nothing_of_the_broker(raw):
    assert raw.run("import os; return message(repr(dict(os.environ)))").value["text"] == "{}"


def test_nothing_of_one_run_is_there_in_the_next(raw):
    raw.run("import sys; sys.secret = 'ann@example.org'; import json; json.dumps = None; return message('x')")
    outcome = raw.run("import sys, json; return message(f'{getattr(sys, \"secret\", None)} {json.dumps is None}')")
    assert outcome.value["text"] == "None False"
