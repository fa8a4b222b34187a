"""The filter's numbers and its program for both architectures, examined without a kernel."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.jail import landlock, seccomp
from sandbox.jail.syscall_numbers import AUDIT_ARCHITECTURES, numbers
from sandbox.jail.syscalls import (
    ACROSS_PROCESSES,
    ALLOWED,
    CONDITIONAL,
    HOSTILE,
    NEEDED_BY_ZYGOTE,
    REFUSED_QUIETLY,
    hostile,
    needed_by_zygote,
)

MACHINES = tuple(AUDIT_ARCHITECTURES)
#: aarch64 uses the generic table of the kernel.
HEADERS = {
    "x86_64": (Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"), Path("/usr/include/asm/unistd_64.h")),
    "aarch64": (Path("/usr/include/asm-generic/unistd.h"),),
}


def header_of(machine):
    for path in HEADERS[machine]:
        if path.exists():
            pairs = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", path.read_text())
            return {name: int(number) for name, number in pairs}
    pytest.skip(f"the kernel's headers for {machine} are not installed (linux-libc-dev)")


@pytest.mark.parametrize("machine", MACHINES)
def test_every_number_is_the_kernels(machine):
    header = header_of(machine)
    ours = numbers(machine)
    assert {name: header.get(name) for name in ours} == ours


@pytest.mark.parametrize("machine", MACHINES)
def test_a_call_is_left_out_only_where_the_architecture_has_none(machine):
    header = header_of(machine)
    named = (
        {
            name
            for groups in (HOSTILE, ACROSS_PROCESSES, NEEDED_BY_ZYGOTE)
            for group in groups.values()
            for name in group.split()
        }
        | {*ALLOWED, *CONDITIONAL}
        | set(REFUSED_QUIETLY)
    )
    missing = named - numbers(machine).keys()
    assert not missing & header.keys()
    if machine == "aarch64":
        assert missing == {
            "alarm",
            "arch_prctl",
            "dup2",
            "fork",
            "ioperm",
            "iopl",
            "mknod",
            "modify_ldt",
            "poll",
            "vfork",
        }
    else:
        assert not missing


def test_no_call_is_both_given_and_hostile():
    for machine in MACHINES:
        table = numbers(machine)
        given = {table[name] for name in (*ALLOWED, *CONDITIONAL)}
        assert not given & set(hostile(machine))
        across = [name for group in ACROSS_PROCESSES.values() for name in group.split()]
        assert not {table[name] for name in (*REFUSED_QUIETLY, *across)} & {*set(hostile(machine)), *given}


def verdict(program, audit, number, *arguments):
    """Run the program as the kernel would (classic BPF over `struct seccomp_data`)."""
    data = struct.pack("<IIQ6Q", number, audit, 0, *(arguments + (0,) * (6 - len(arguments))))
    at, accumulator = 0, 0
    while True:
        code, yes, no, value = program[at]
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif code == 0x54:
            accumulator &= value
        elif code == 0x05:
            at += value
        elif code == 0x06:
            return value
        else:
            true = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[code]
            at += yes if true else no


def of_both(programs, audit, number, *arguments):
    """The kernel runs every filter of a process, and the stricter verdict counts."""
    verdicts = [verdict(program, audit, number, *arguments) for program in programs]
    return min(verdicts, key=[seccomp.KILL, seccomp.REFUSE, seccomp.ALLOW].index)


def jail_of(machine):
    """What a child has: the zygote's program, and its own."""
    return seccomp.zygote_program(machine), seccomp.child_program(machine, 3)


@pytest.fixture(params=[(machine, whole) for machine in MACHINES for whole in (False, True)], ids=str)
def filtered(request):
    machine, is_whole = request.param
    programs = [seccomp.whole_program(machine, 3)] if is_whole else jail_of(machine)

    def ask(name, *arguments, audit=AUDIT_ARCHITECTURES[machine]):
        number = name if isinstance(name, int) else numbers(machine)[name]
        return of_both(programs, audit, number, *arguments)

    ask.machine = machine
    return ask


def test_only_what_is_named_is_allowed_among_all_numbers(filtered):
    table = numbers(filtered.machine)
    allowed = {table[name] for name in ALLOWED}
    killed = set(hostile(filtered.machine))
    conditional = {table[name] for name in CONDITIONAL}
    for number in range(1024):
        if number in conditional:
            continue
        expected = seccomp.ALLOW if number in allowed else seccomp.KILL if number in killed else seccomp.REFUSE
        assert filtered(number) == expected, number


@pytest.mark.parametrize("name", ["read", "write"])
def test_only_the_channel_is_read_and_written_over_all_64_bits(filtered, name):
    assert filtered(name, 3) == seccomp.ALLOW
    for other in (0, 1, 2, 4, 2**32 - 1, 3 + 2**32, 2**63 + 3):
        assert filtered(name, other) == seccomp.REFUSE


PRIVATE_AND_EMPTY = 0x22


def test_no_memory_becomes_executable(filtered):
    for protection in range(8):
        expected = seccomp.KILL if protection & 4 else seccomp.ALLOW
        assert filtered("mprotect", 0, 4096, protection) == expected
        assert filtered("mmap", 0, 4096, protection, PRIVATE_AND_EMPTY) == expected
    assert filtered("mmap", 0, 4096, 0x01000000 | 4, PRIVATE_AND_EMPTY) == seccomp.KILL
    assert filtered("mmap", 0, 4096, 7, 0x21) == seccomp.KILL


def test_memory_is_mapped_private_and_without_a_file_only(filtered):
    for more in (0, 0x4000, 0x20000, 0x10, 0x24010):
        assert filtered("mmap", 0, 4096, 3, PRIVATE_AND_EMPTY | more) == seccomp.ALLOW
    unwanted = {"shared": 0x21, "shared_and_checked": 0x23, "a_file": 0x02, "neither": 0x20}
    for flags in unwanted.values():
        assert filtered("mmap", 0, 4096, 3, flags) == seccomp.REFUSE
    for bit in set(range(32)) - {1, 4, 5, 14, 17}:
        assert filtered("mmap", 0, 4096, 3, PRIVATE_AND_EMPTY | 1 << bit) == seccomp.REFUSE, bit


def test_memory_grows_and_moves_and_is_not_placed_or_doubled(filtered):
    assert {flags for flags in range(256) if filtered("mremap", 0, 4096, 8192, flags) == seccomp.ALLOW} == {0, 1}


def test_random_bytes_do_not_come_from_the_shared_pool(filtered):
    assert {flags for flags in range(256) if filtered("getrandom", 0, 16, flags) == seccomp.ALLOW} == {0, 1}


def test_a_futex_waits_and_wakes_within_its_process_and_does_nothing_else(filtered):
    allowed = {command for command in range(1024) if filtered("futex", 0, command) == seccomp.ALLOW}
    assert allowed == {128 | clock | command for clock in (0, 256) for command in (0, 1, 9, 10)}
    for high in range(10, 32):
        assert filtered("futex", 0, 128 | 1 << high) == seccomp.REFUSE


def test_memory_is_given_back_and_not_merged_or_locked(filtered):
    assert {advice for advice in range(128) if filtered("madvise", 0, 4096, advice) == seccomp.ALLOW} == {4, 8}


def test_no_clock_of_another_process_is_read(filtered):
    assert filtered("clock_gettime", 0) == filtered("clock_gettime", 2) == seccomp.ALLOW
    for clock in (8, 11, 16, 2**31, (~1 << 3) & 0xFFFFFFFF, (~12345 << 3 | 2) & 0xFFFFFFFF):
        assert filtered("clock_gettime", clock) == seccomp.REFUSE


def test_another_architectures_calls_kill(filtered):
    for audit in (0x40000003, 0xC000003E, 0xC00000B7, 0x40000028):
        if audit != AUDIT_ARCHITECTURES[filtered.machine]:
            assert filtered("exit", audit=audit) == seccomp.KILL


def test_x32_numbers_kill():
    for number in (0x40000000, 0x40000001, 0x4000003C, 0xFFFFFFFF):
        for program in (*jail_of("x86_64"), seccomp.whole_program("x86_64", 3)):
            assert verdict(program, AUDIT_ARCHITECTURES["x86_64"], number, 3) == seccomp.KILL


def linear_verdict(machine, number, *arguments):
    """What the rules mean, read one after the other, without any search."""
    rule = seccomp.jail_rules(machine, 3).get(number, ((0x06, 0, 0, seccomp.REFUSE),))
    return verdict([(0x20, 0, 0, 0), *rule], 0, number, *arguments)


#: Values that tell apart everything that a rule looks at.
ARGUMENTS = (0, 1, 2, 3, 4, 8, 9, 0x22, 0x80, 0x4022, 1 << 31, 1 << 32 | 3, 1 << 63)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_search_finds_for_every_number_what_the_rules_say(machine):
    whole, both, audit = seccomp.whole_program(machine, 3), jail_of(machine), AUDIT_ARCHITECTURES[machine]
    for number in (*range(600), 1000, 0x3FFFFFFF):
        rows = [(value,) * 6 for value in ARGUMENTS] if number in seccomp.jail_rules(machine, 3) else [()]
        for arguments in (*rows, (0, 0, 3, 0x22)):
            expected = linear_verdict(machine, number, *arguments)
            assert verdict(whole, audit, number, *arguments) == expected, number
            assert of_both(both, audit, number, *arguments) == expected, number


@given(machine=st.sampled_from(MACHINES), data=st.data())
def test_the_search_finds_for_any_call_what_the_rules_say(machine, data):
    top = 0x3FFFFFFF if machine == "x86_64" else 0xFFFFFFFF
    number = data.draw(st.integers(0, 600) | st.integers(0, top))
    arguments = data.draw(st.tuples(*[st.sampled_from(ARGUMENTS) | st.integers(0, 2**64 - 1)] * 6))
    expected, audit = linear_verdict(machine, number, *arguments), AUDIT_ARCHITECTURES[machine]
    assert verdict(seccomp.whole_program(machine, 3), audit, number, *arguments) == expected
    assert of_both(jail_of(machine), audit, number, *arguments) == expected


@pytest.mark.parametrize("machine", MACHINES)
def test_the_zygote_can_make_its_calls_and_no_other_hostile_one(machine):
    program, audit = seccomp.zygote_program(machine), AUDIT_ARCHITECTURES[machine]
    needed = set(needed_by_zygote(machine))
    for number in hostile(machine):
        assert verdict(program, audit, number) == (seccomp.ALLOW if number in needed else seccomp.KILL)
    assert all(verdict(program, audit, number, 7) == seccomp.ALLOW for number in needed)
    table = numbers(machine)
    unneeded = {table[name] for name in ("execve", "ptrace", "socket", "connect", "unshare", "mount", "bpf", "setuid")}
    assert not needed & unneeded


@pytest.mark.parametrize("machine", MACHINES)
def test_every_program_fits_into_the_kernels_limit_and_every_jump_lands(machine):
    for program in (*jail_of(machine), seccomp.whole_program(machine, 3)):
        assert len(program) < 4096
        for at, (code, yes, no, value) in enumerate(program):
            if code in (0x15, 0x35, 0x45):
                assert max(at + 1 + yes, at + 1 + no) < len(program)
            if code == 0x05:
                assert at + 1 + value < len(program)
        assert program[-1][0] == 0x06


@pytest.mark.parametrize(
    ("version", "size", "rights"),
    [(1, 8, 13), (2, 8, 14), (3, 8, 15), (4, 16, 15), (5, 16, 16), (6, 24, 16), (7, 24, 16), (9, 24, 16)],
)
def test_landlock_denies_all_that_each_abi_can_deny(version, size, rights):
    packed = landlock.attributes(version)
    assert len(packed) == size
    fields = struct.unpack(f"={size // 8}Q", packed)
    assert fields == ((1 << rights) - 1, 3, 3)[: size // 8]
