"""The seccomp programs: which system calls the zygote and its children may make; the kernel decides on every call.

This layer holds on its own: it needs no privilege, no namespace and no file system. The zygote installs a program that its
children inherit. Each child adds a small one, last of all, because it forbids the calls that the other layers need. Of two
programs, the stricter verdict counts.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Iterable, Mapping

from . import kernel
from .syscall_numbers import AUDIT_ARCHITECTURES, numbers
from .syscalls import ALLOWED, hostile, needed_by_zygote

KILL = 0x80000000  #: the whole process dies by SIGSYS: the alarm
ALLOW = 0x7FFF0000
REFUSE = 0x00050000 | 1  #: the call fails with EPERM

_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _AND, _RETURN, _JUMP = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06, 0x05
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in the kernel's `struct seccomp_data`
_X32_BIT = 0x40000000
_PROT_EXEC = 4
_OWN_CLOCKS = 8  #: 0 to 7 are the machine's clocks and the process's own; above are alarm clocks, below zero other processes' clocks
_RELEASE_MEMORY = (4, 8)  #: MADV_DONTNEED, MADV_FREE
#: Wait and wake, plain and with a bit mask, each only on memory of this process (FUTEX_PRIVATE_FLAG).
_FUTEX_COMMANDS = tuple(0x80 | command for command in (0, 1, 9, 10))
_FUTEX_COMMAND_BITS = 0xFFFFFFFF & ~0x100  # all but FUTEX_CLOCK_REALTIME
_REQUIRED_MAP_FLAGS = 0x02 | 0x20  #: MAP_PRIVATE, MAP_ANONYMOUS: both must be set
_OPTIONAL_MAP_FLAGS = 0x10 | 0x4000 | 0x20000  #: MAP_FIXED, MAP_NORESERVE, MAP_STACK may be set
_MAY_MOVE = (0, 1)  #: MREMAP_MAYMOVE or nothing
_RANDOM = (0, 1)  #: GRND_NONBLOCK or nothing

_FARTHEST = 255  #: instructions that a condition can skip; farther needs a jump of its own

Instruction = tuple[int, int, int, int]
Block = tuple[Instruction, ...]  #: instructions for one system call; every path through them ends in a verdict


class SeccompProgram:
    """A complete filter; the kernel's structure and the memory that it points to live as long as this object."""

    class _Header(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))

    def __init__(self, instructions: Iterable[Instruction]) -> None:
        packed = [struct.pack("=HBBI", *instruction) for instruction in instructions]
        self.length = len(packed)
        self._memory = ctypes.create_string_buffer(b"".join(packed), 8 * self.length)
        self._header = self._Header(self.length, ctypes.addressof(self._memory))

    def install(self) -> None:
        """Install the filter in this process for good. Needs no-new-privs. Raises `OSError` with "seccomp" as its filename."""
        header = ctypes.c_void_p(ctypes.addressof(self._header))
        try:
            kernel.control(kernel.PR_SET_SECCOMP, kernel.SECCOMP_MODE_FILTER, header)
        except OSError as fault:
            raise OSError(fault.errno, fault.strerror, "seccomp") from fault


def whole_program(machine: str, channel: int) -> list[Instruction]:
    """The whole jail in one program, for a process that has no zygote; `channel` is the only descriptor to read and write."""
    return _program(machine, jail_rules(machine, channel), REFUSE)


def zygote_program(machine: str) -> list[Instruction]:
    """What no process below may do: the rules of the jail, but the calls that the zygote itself needs are allowed."""
    needed = dict.fromkeys(needed_by_zygote(machine), _verdict(ALLOW))
    return _program(machine, jail_rules(machine, 0) | needed, REFUSE)


def child_program(machine: str, channel: int) -> list[Instruction]:
    """What a child adds to the zygote's program: the rules of the jail for the calls that the zygote needs.

    Both together forbid exactly what `whole_program` forbids; the tests compare them for every number.
    """
    rules = jail_rules(machine, channel)
    own = {number: rules.get(number, _verdict(REFUSE)) for number in needed_by_zygote(machine)}
    return _program(machine, own, ALLOW)


def jail_rules(machine: str, channel: int) -> dict[int, Block]:
    """The rule for each system call that a child may make, or that kills it; `channel` is the only descriptor to read and write.

    1. Calls of another architecture, and on x86_64 the x32 numbers, kill: the same numbers mean other calls there (`_program`).
    2. `read` and `write` on the channel only, compared over all 64 bits.
    3. `mmap` and `mprotect` never with PROT_EXEC: that kills. `mmap` of private memory without a file only.
    4. `futex` to wait and to wake only, and within this process only.
    5. `madvise` to release memory only, `mremap` to grow and move only, `getrandom` without the shared pool.
    6. `clock_gettime` for the machine's clocks and the process's own only: other numbers name other processes' clocks.
    7. The other calls that the interpreter needs are allowed.
    8. Hostile calls kill.
    9. Everything else is refused with EPERM (`_program`).

    `syscalls.py` says for each condition what it keeps a child from learning about other processes.
    """
    conditions = {
        **dict.fromkeys(("read", "write"), _channel_only(channel)),  # 2
        "mprotect": [*_kill_executable(), (_RETURN, 0, 0, ALLOW)],  # 3
        "mmap": [*_kill_executable(), *_private_memory_only()],
        "futex": [_low(1), (_AND, 0, 0, _FUTEX_COMMAND_BITS), *_one_of(_FUTEX_COMMANDS)],  # 4
        "madvise": [_low(2), *_one_of(_RELEASE_MEMORY)],  # 5
        "mremap": [_low(3), *_one_of(_MAY_MOVE)],
        "getrandom": [_low(2), *_one_of(_RANDOM)],
        "clock_gettime": _low_clocks(),  # 6
    }
    table = numbers(machine)
    return {
        **{table[name]: tuple(block) for name, block in conditions.items()},
        **{table[name]: _verdict(ALLOW) for name in ALLOWED},  # 7
        **dict.fromkeys(hostile(machine), _verdict(KILL)),  # 8
    }


def _program(machine: str, rules: Mapping[int, Block], otherwise: int) -> list[Instruction]:
    """The program that applies to each call the rule for its number, and `otherwise` to a call without a rule."""
    program: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 1, 0, AUDIT_ARCHITECTURES[machine]),
        (_RETURN, 0, 0, KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine == "x86_64":
        program += [(_IF_AT_LEAST, 0, 1, _X32_BIT), (_RETURN, 0, 0, KILL)]
    return program + _search(_ranges(rules, otherwise))


def _ranges(rules: Mapping[int, Block], otherwise: int) -> list[tuple[int, Block]]:
    """The rules for all numbers, as ranges: the first number of each and its rule. Each range ends where the next begins."""
    ranges: list[tuple[int, Block]] = []
    for number in sorted({0, *rules, *(number + 1 for number in rules)}):
        rule = rules.get(number, _verdict(otherwise))
        if not ranges or ranges[-1][1] != rule:
            ranges.append((number, rule))
    return ranges


def _search(ranges: list[tuple[int, Block]]) -> list[Instruction]:
    """Find the range of the number that was loaded last, by halving, and apply its rule."""
    if len(ranges) == 1:
        return list(ranges[0][1])
    middle = len(ranges) // 2
    lower, upper = _search(ranges[:middle]), _search(ranges[middle:])
    first = ranges[middle][0]
    if len(lower) <= _FARTHEST:
        return [(_IF_AT_LEAST, len(lower), 0, first), *lower, *upper]
    return [(_IF_AT_LEAST, 0, 1, first), (_JUMP, 0, 0, len(lower)), *lower, *upper]


def _verdict(verdict: int) -> Block:
    return ((_RETURN, 0, 0, verdict),)


def _low(argument: int) -> Instruction:
    return (_LOAD, 0, 0, _FIRST_ARGUMENT + 8 * argument)  # both architectures are little endian


def _high(argument: int) -> Instruction:
    return (_LOAD, 0, 0, _FIRST_ARGUMENT + 8 * argument + 4)


def _channel_only(channel: int) -> list[Instruction]:
    return [
        _low(0),
        (_IF_EQUAL, 0, 3, channel),
        _high(0),
        (_IF_EQUAL, 0, 1, 0),
        (_RETURN, 0, 0, ALLOW),
        (_RETURN, 0, 0, REFUSE),
    ]


def _kill_executable() -> list[Instruction]:
    """Kill a request for executable memory; for other protections, the following instructions give the verdict."""
    return [_low(2), (_IF_ANY_BIT, 0, 1, _PROT_EXEC), (_RETURN, 0, 0, KILL)]


def _private_memory_only() -> list[Instruction]:
    """Allow a mapping that has both required flags and no flag that is not named."""
    return [
        _low(3),
        (_AND, 0, 0, 0xFFFFFFFF & ~_OPTIONAL_MAP_FLAGS),
        (_IF_EQUAL, 1, 0, _REQUIRED_MAP_FLAGS),
        (_RETURN, 0, 0, REFUSE),
        (_RETURN, 0, 0, ALLOW),
    ]


def _low_clocks() -> list[Instruction]:
    return [_low(0), (_IF_AT_LEAST, 0, 1, _OWN_CLOCKS), (_RETURN, 0, 0, REFUSE), (_RETURN, 0, 0, ALLOW)]


def _one_of(values: Iterable[int]) -> list[Instruction]:
    """Allow if the value that was loaded last is one of these, else refuse."""
    block = [instruction for value in values for instruction in ((_IF_EQUAL, 0, 1, value), (_RETURN, 0, 0, ALLOW))]
    return [*block, (_RETURN, 0, 0, REFUSE)]
