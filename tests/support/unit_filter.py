"""`python -m tests.support.unit_filter UNIT COMMAND…`: run a command below the filter that systemd makes of a unit's options.

For machines on which systemd cannot run a unit. It does what `RestrictNamespaces=yes`, `SystemCallFilter=` and
`SystemCallErrorNumber=EPERM` do (systemd.exec(5)); systemd itself says which calls are in a group.
"""

import ctypes
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

from sandbox.jail.seccomp import ALLOW, REFUSE, SeccompProgram
from sandbox.jail.syscall_numbers import AUDIT_ARCHITECTURES

_LOAD, _IF_EQUAL, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_NO_SUCH_CALL = 0x00050000 | 38
#: CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, NEWTIME
_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000 | 0x80
_NO_NEW_PRIVS = 38
#: Where the kernel's headers have the numbers of the calls.
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


def numbers():
    """The number of each call of this machine by name, from the kernel's headers."""
    text = HEADERS[platform.machine()].read_text()
    return {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}


def calls_in(name):
    """The calls of a group, with those of the groups in it."""
    if not name.startswith("@"):
        return {name}
    said = subprocess.run(
        ["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True
    ).stdout
    members = [line.strip() for line in said.splitlines()[1:] if line.strip() and not line.strip().startswith("#")]
    return set().union(*(calls_in(member) for member in members))


def allowed_by(unit):
    """The calls that a unit allows: what its lines name, without what those with `~` name."""
    found = set()
    for line in re.findall(r"^SystemCallFilter=(.+)$", unit.read_text(), re.MULTILINE):
        named = set().union(*(calls_in(name) for name in line.removeprefix("~").split()))
        found = found - named if line.startswith("~") else found | named
    return found


def program(unit):
    """The filter of a unit."""
    known, machine = numbers(), platform.machine()
    lines = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 1, 0, AUDIT_ARCHITECTURES[machine]),
        (_RETURN, 0, 0, REFUSE),
        (_LOAD, 0, 0, _NUMBER),
    ]
    assert re.search("^RestrictNamespaces=yes$", unit.read_text(), re.MULTILINE)
    lines += [(_IF_EQUAL, 0, 1, known["setns"]), (_RETURN, 0, 0, REFUSE)]
    lines += [(_IF_EQUAL, 0, 1, known["clone3"]), (_RETURN, 0, 0, _NO_SUCH_CALL)]
    for name in ("unshare", "clone"):
        allowed = ALLOW if name in allowed_by(unit) else REFUSE
        lines += [(_IF_EQUAL, 0, 4, known[name]), (_LOAD, 0, 0, _FIRST_ARGUMENT), (_IF_ANY_BIT, 0, 1, _NAMESPACES)]
        lines += [(_RETURN, 0, 0, REFUSE), (_RETURN, 0, 0, allowed)]
    for number in sorted(known[name] for name in allowed_by(unit) if name in known):
        lines += [(_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, ALLOW)]
    return SeccompProgram([*lines, (_RETURN, 0, 0, REFUSE)])


def main(unit, *command):
    made = program(Path(unit))
    assert ctypes.CDLL(None, use_errno=True).prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    made.install()
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
