"""Children that attack other children: none can wake, watch or delay another, whatever the kernel offers."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from sandbox import OutcomeKind, RunLimits
from sandbox.jail.syscall_numbers import numbers
from sandbox.jail.syscalls import ACROSS_PROCESSES
from tests.sandbox.boxes import SCRIPT_INPUT, Vendor, descendants, indented, soon

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the jail is Linux's")

ASKED = [name for group in ACROSS_PROCESSES.values() for name in group.split()]

#: Calls which are given, with arguments by which they would reach out of the process.
REACHING_OUT = {
    "wakes_a_shared_futex": "kernel.call('futex', address, 1, 1, 0, 0, 0)",
    "waits_for_a_shared_futex": "kernel.call('futex', address, 0, 1, 0, 0, 0)",
    "wakes_a_shared_futex_by_a_bit": "kernel.call('futex', address, 10, 1, 0, 0, 1)",
    "waits_for_a_shared_futex_on_the_wall_clock": "kernel.call('futex', address, 9 | 256, 1, 0, 0, 1)",
    "moves_waiters_to_another_futex": "kernel.call('futex', address, 3 | 128, 1, 1, address, 0)",
    "makes_a_descriptor_of_a_futex": "kernel.call('futex', address, 2, 0, 0, 0, 0)",
    "maps_shared_memory": "import mmap; mmap.mmap(-1, 4096, mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)",
    "maps_shared_memory_and_has_it_checked": "kernel.call('mmap', 0, 4096, 3, 0x23, -1, 0)",
    "maps_a_file": "kernel.call('mmap', 0, 4096, 1, 0x02, 3, 0)",
    "takes_from_the_machines_huge_pages": "kernel.call('mmap', 0, 1 << 21, 3, 0x40022, -1, 0)",
    "locks_what_it_maps": "kernel.call('mmap', 0, 4096, 3, 0x2022, -1, 0)",
    "places_a_mapping_upon_another": "kernel.call('mremap', address & ~4095, 4096, 4096, 3, 1 << 40)",
    "doubles_a_mapping": "kernel.call('mremap', address & ~4095, 4096, 4096, 5, 0)",
    "merges_pages": "kernel.call('madvise', address & ~4095, 4096, 12)",
    "pages_out": "kernel.call('madvise', address & ~4095, 4096, 21)",
    "drains_the_random_pool": "import ctypes; kernel.call('getrandom', ctypes.c_void_p(address), 4, 2)",
    "reads_the_cpu_clock_of_process_1": "import time; time.clock_gettime((~1 << 3) | 2)",
    "reads_the_cpu_clock_of_thread_1": "import time; time.clock_gettime((~1 << 3) | 6)",
    "reads_the_clock_of_a_descriptor": "import time; time.clock_gettime((~3 << 3) | 3)",
    "reads_an_alarm_clock": "import time; time.clock_gettime(9)",
}
WORD = "import ctypes; word = ctypes.c_int(1); address = ctypes.addressof(word)\n"


@pytest.mark.parametrize("attack", REACHING_OUT.values(), ids=REACHING_OUT.keys())
def test_a_call_that_reaches_out_of_the_process_is_refused(raw, attack):
    outcome = raw.run(f"{WORD}{attack}\nreturn message('got through')")
    assert (outcome.kind, outcome.alarm, outcome.error.type) == (OutcomeKind.RAISED, False, "PermissionError")


def test_no_call_tells_of_other_processes_or_reaches_them(raw):
    """Each is really asked, about process 1 where it takes one: the kernel has to refuse it before it thinks about it."""
    table = {name: numbers(os.uname().machine)[name] for name in ASKED}
    code = f"""
through = []
for name, number in {table!r}.items():
    try:
        kernel.call_number(number, name, 1, 0, 0, 0, 0, 0)
    except PermissionError:
        continue
    except OSError as fault:
        name += f' {{fault}}'
    through.append(name)
return message(', '.join(through))
"""
    assert raw.run(code).value["text"] == ""


def test_the_futexes_of_locks_and_conditions_still_work(raw):
    code = """
import threading
lock = threading.Condition()
with lock:
    lock.notify_all()
    waited = lock.wait(0.01)
return message(str(waited))
"""
    assert raw.run(code).value["text"] == "False"


def shared_page_of(pid):
    """The address of a page of the C library, which this process and all that were forked from it map of one file."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return min(int(line.partition("-")[0], 16) for line in lines if "libc.so" in line or "libc-" in line)


def word_at(pid, address):
    with Path(f"/proc/{pid}/mem").open("rb") as memory:
        memory.seek(address)
        return int.from_bytes(memory.read(4), sys.byteorder)


@pytest.mark.skipif(os.getuid() != 0, reason="only root sees what a jailed child has mapped")
def test_two_children_do_not_wake_each_other_through_a_page_of_a_library(raw):
    """The first waits on a page of a file that both have mapped; the second wakes every waiter there."""
    zygote = descendants(raw.sandbox.zygote_pid)[0]
    page = shared_page_of(zygote)
    value = word_at(zygote, page)
    waiting = f"api.log('here')\nkernel.call('futex', {page}, 0, {value}, 0, 0, 0)\nreturn message('woken')"
    waking = f"return message(str(kernel.call('futex', {page}, 1, 100, 0, 0, 0)))"
    ended = []

    def wait():
        code = raw.sandbox.check(indented(waiting)).code
        ended.append(raw.sandbox.run(code, SCRIPT_INPUT, powers=Vendor(), limits=RunLimits(wall_s=1.5)))

    thread = threading.Thread(target=wait)
    thread.start()
    woken = [raw.run(waking) for _ in range(3) if not soon(lambda: ended, patience_s=0.3)]
    thread.join()
    assert [outcome.error.type for outcome in (*ended, *woken)] == ["PermissionError"] * (1 + len(woken))
