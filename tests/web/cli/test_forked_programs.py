"""Programs of `up` are forked from it, and are what a process that was started otherwise would be.

Each test forks in a new interpreter: that of the tests has threads.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.eventually import eventually
from tests.support.running_up import mentions

#: `fork_it` starts a program that logs to the file of its name. What is printed at the end is the answer.
PRELUDE = """
import json, os, signal, sys, time
from pathlib import Path
from web.cli.local.forked_process import Program, fork
from web.cli.local.supervisor import StartError, StopRequest, SupervisedProgram, Supervisor, stop_on_signals

FOLDER = Path(sys.argv[1])

def fork_it(main, name="program", **environment):
    return fork(Program(name, main, environment, FOLDER / name))

def fail(text):
    raise LookupError(text)
"""


@pytest.fixture
def forking(tmp_path):
    """Run a text in an interpreter of its own; return what it prints last, read as JSON, and all that it prints."""

    def run(text):
        command = [sys.executable, "-P", "-c", PRELUDE + text, str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=os.environ)
        return json.loads(done.stdout.splitlines()[-1]), done.stdout

    return run


def test_the_status_of_a_program_says_how_it_ended(forking, tmp_path):
    found, _ = forking("""
mains = {
    "returns": lambda: None,
    "returns 3": lambda: 3,
    "exits": lambda: sys.exit(),
    "exits with 4": lambda: sys.exit(4),
    "exits with words": lambda: sys.exit("no jail here"),
    "raises": lambda: fail("not found"),
    "is killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "is interrupted": lambda: os.kill(os.getpid(), signal.SIGINT) or time.sleep(60),
    "is terminated": lambda: os.kill(os.getpid(), signal.SIGTERM) or time.sleep(60),
}
started = {name: fork_it(main, name) for name, main in mains.items()}
print(json.dumps({name: process.wait(30) and process.poll() for name, process in started.items()}))
""")
    assert found == {
        "returns": 0,
        "returns 3": 3,
        "exits": 0,
        "exits with 4": 4,
        "exits with words": 1,
        "raises": 1,
        "is killed": -signal.SIGKILL,
        "is interrupted": 1,
        "is terminated": -signal.SIGTERM,
    }
    assert (tmp_path / "exits with words").read_text() == "no jail here\n"
    assert (tmp_path / "raises").read_text().endswith("LookupError: not found\n")
    assert (tmp_path / "is interrupted").read_text().endswith("KeyboardInterrupt\n")


def test_a_program_has_no_more_of_its_parent_than_a_new_process_would_have(forking, tmp_path):
    ended, _ = forking("""
os.environ["OF_THE_PARENT"] = "yes"
held, kept = open(os.devnull), os.pipe()

def look():
    files = {each.name: os.readlink(each) for each in Path("/proc/self/fd").iterdir() if each.exists()}
    print(json.dumps({
        "files": files,
        "environment": dict(os.environ),
        "session": os.getsid(0) == os.getpid(),
        "name": Path("/proc/self/comm").read_text().strip(),
        "blocked": [int(number) for number in signal.pthread_sigmask(signal.SIG_BLOCK, [])],
        "handlers": [signal.getsignal(number) == signal.SIG_DFL for number in (signal.SIGTERM, signal.SIGHUP)],
    }))

with stop_on_signals():
    process = fork_it(look, "identity provider", GIVEN="1")
    process.wait(30)
print(json.dumps(process.poll()))
""")
    log = tmp_path / "identity provider"
    found = json.loads(log.read_text())
    assert found["files"] == {"0": os.devnull, "1": str(log), "2": str(log)}
    assert found["environment"] == {"GIVEN": "1"}
    assert (found["session"], found["name"], found["blocked"]) == (True, "identity provid", [])
    assert found["handlers"] == [True, True]
    assert ended == 0


def test_nothing_that_its_parent_has_to_do_later_is_done_by_a_program_as_well(forking):
    ended, printed = forking("""
import atexit
atexit.register(print, "end of an interpreter", flush=True)
print("written before", end=" ")
try:
    statuses = [process.wait(30) and process.poll() for process in (fork_it(lambda: None), fork_it(lambda: fail("x")))]
finally:
    print("and cleaned up by", os.getpid())
atexit.unregister(print)
print(json.dumps(statuses))
""")
    assert ended == [0, 1]
    assert printed.count("written before") == printed.count("cleaned up by") == 1
    assert "end of an interpreter" not in printed


def test_a_stop_that_comes_while_a_program_is_started_stops_it(forking):
    """The signal comes between the fork and the first line of the program, when the handler of the parent is still in place."""
    status, _ = forking("""
os.register_at_fork(after_in_child=lambda: os.kill(os.getpid(), signal.SIGTERM))
with stop_on_signals() as stop:
    process = fork_it(lambda: time.sleep(60))
    assert process.wait(30)
print(json.dumps([process.poll(), stop.requested]))
""")
    assert status == [-signal.SIGTERM, False]


def test_programs_end_with_a_parent_that_is_killed(tmp_path):
    text = "\nprocess = fork_it(lambda: time.sleep(60))\nos.kill(os.getpid(), signal.SIGKILL)\n"
    killed = subprocess.run([sys.executable, "-P", "-c", PRELUDE + text, str(tmp_path)], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert eventually(lambda: not [entry for entry in Path("/proc").glob("[0-9]*") if mentions(entry, str(tmp_path))])


def test_a_program_is_not_forked_from_a_process_with_threads(forking):
    said, _ = forking("""
import threading
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
try:
    fork_it(lambda: None)
except AssertionError as error:
    print(json.dumps(str(error)))
""")
    assert said == "a process that starts children with fork has no threads"


def test_a_process_which_dies_at_once_ends_the_start_and_its_log_is_shown(forking):
    said, _ = forking("""
program = SupervisedProgram("worker", lambda: sys.exit("no jail here"), {}, FOLDER / "log", lambda: True)
never = SupervisedProgram("web", lambda: time.sleep(60), {}, FOLDER / "log2", lambda: False)
supervisor = Supervisor([program, never], say=lambda text: None, stop=StopRequest())
try:
    supervisor.start()
except StartError as error:
    print(json.dumps(str(error)))
supervisor.stop()
""")
    assert "worker ends again and again" in said
    assert said.endswith("no jail here")
