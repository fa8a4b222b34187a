"""Namespaces, an empty root and dropped capabilities: what the zygote takes from itself, once, before any child.

A bonus, never a need: a container or a hardened machine may forbid all of it, and the filter holds without. So each
part that works is reported, and one that does not is left out.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from pathlib import Path

from . import kernel

_NEW_USER = 0x10000000
_NEW = {
    "net": 0x40000000,
    "ipc": 0x08000000,
    "uts": 0x04000000,
    "cgroup": 0x02000000,
    "mnt": 0x00020000,
    "pid": 0x20000000,
}
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _REC, _PRIVATE = 1, 2, 4, 8, 32, 1 << 14, 1 << 18
_DETACH = 2
_NOBODY = 65534
_CAPABILITY_VERSION_3 = 0x20080522
#: What a root zygote still does to its children: kill them, and give them another group and user.
CAP_KILL, CAP_SETGID, CAP_SETUID = 5, 6, 7
_CAP_SYS_ADMIN = 21
_PLACES_FOR_THE_ROOT = ("/tmp", "/run", "/var", "/mnt")  # noqa: S108 - covered by a mount only we see, nothing is written


def unshare() -> set[str]:
    """Leave every namespace we may leave, and return which. With the right to, else by way of a user namespace."""
    left: set[str] = set()
    user, group = os.getuid(), os.getgid()
    if not has_capabilities(_CAP_SYS_ADMIN):
        try:
            kernel.call("unshare", _NEW_USER)
        except OSError:
            return left
        left.add("user")
        with suppress(OSError):
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{_NOBODY} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{_NOBODY} {group} 1")
    for name, flag in _NEW.items():
        with suppress(OSError):
            kernel.call("unshare", flag)
            left.add(name)
    return left


def empty_root() -> None:
    """Put an empty, read-only, tiny file system in place of `/`, and let go of the old one.

    Needs the mount namespace; raises `OSError`, and then nothing was changed that a caller would notice. The order:

    1. Make every mount private, so that nothing below reaches the machine.
    2. Mount the empty file system over some folder and make it read-only.
    3. Turn it into the root, with the old root stacked upon it.
    4. Let go of the old root.
    """
    place = next(p for p in _PLACES_FOR_THE_ROOT if Path(p).is_dir()).encode()
    flags = _NOSUID | _NODEV | _NOEXEC
    kernel.call("mount", None, b"/", None, _REC | _PRIVATE, None)  # 1
    kernel.call("mount", b"jail", place, b"tmpfs", flags, b"size=4k,nr_inodes=4")  # 2
    kernel.call("mount", b"jail", place, None, flags | _REMOUNT | _RDONLY, None)
    os.chdir(place)  # 3
    kernel.call("pivot_root", b".", b".")
    kernel.call("umount2", b".", _DETACH)  # 4
    os.chdir("/")


def has_capabilities(*wanted: int) -> bool:
    """Whether this process has them all. Being root says little: a container may have taken them away."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return False
    effective = int(status.partition("CapEff:")[2].split()[0], 16)
    return all(effective >> number & 1 for number in wanted)


def keep_capabilities(kept: tuple[int, ...]) -> None:
    """Drop every capability but these, from the bounding set too, so that none comes back."""
    number = 0
    while True:
        try:
            if number not in kept:
                kernel.control(kernel.PR_CAPBSET_DROP, number)
        except OSError:
            break  # past the kernel's last capability, or not ours to drop
        number += 1
    mask = sum(1 << number for number in kept)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    kernel.call("capset", header, struct.pack("=6I", mask, mask, 0, 0, 0, 0))
