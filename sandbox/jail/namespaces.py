"""Namespaces, an empty root and dropped capabilities: what the zygote gives up once, before it forks any child.

Optional layers: a container or a hardened machine may forbid all of them, and the filter holds without them. So each
part that works is reported, and one that does not is skipped.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from pathlib import Path

from . import kernel

_NEW_USER_NAMESPACE = 0x10000000
_NAMESPACES = {
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
#: What a root zygote still needs for its children: to kill them, and to give them another group and user.
CAP_KILL, CAP_SETGID, CAP_SETUID = 5, 6, 7
_CAP_SYS_ADMIN = 21
_MOUNT_POINTS = ("/tmp", "/run", "/var", "/mnt")  # noqa: S108 - covered by a mount of this namespace; nothing is written


def unshare() -> set[str]:
    """Leave every namespace that this process may leave; return which. Without CAP_SYS_ADMIN, first enter a user namespace."""
    left: set[str] = set()
    user, group = os.getuid(), os.getgid()
    if not has_capabilities(_CAP_SYS_ADMIN):
        try:
            kernel.call("unshare", _NEW_USER_NAMESPACE)
        except OSError:
            return left
        left.add("user")
        with suppress(OSError):
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{_NOBODY} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{_NOBODY} {group} 1")
    for name, flag in _NAMESPACES.items():
        with suppress(OSError):
            kernel.call("unshare", flag)
            left.add(name)
    return left


def empty_root() -> None:
    """Replace `/` by an empty, read-only, tiny file system, and detach the old one.

    Needs a mount namespace of its own. Raises `OSError`; then nothing has changed that a caller would notice. The steps:

    1. Make every mount private, so that nothing below reaches the machine.
    2. Mount the empty file system over some folder and make it read-only.
    3. Make it the root, with the old root stacked on top of it.
    4. Detach the old root.
    """
    place = next(p for p in _MOUNT_POINTS if Path(p).is_dir()).encode()
    flags = _NOSUID | _NODEV | _NOEXEC
    kernel.call("mount", None, b"/", None, _REC | _PRIVATE, None)  # 1
    kernel.call("mount", b"jail", place, b"tmpfs", flags, b"size=4k,nr_inodes=4")  # 2
    kernel.call("mount", b"jail", place, None, flags | _REMOUNT | _RDONLY, None)
    os.chdir(place)  # 3
    kernel.call("pivot_root", b".", b".")
    kernel.call("umount2", b".", _DETACH)  # 4
    os.chdir("/")


def has_capabilities(*wanted: int) -> bool:
    """Whether this process has all these capabilities. Root may lack them: a container can take them away."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return False
    effective = int(status.partition("CapEff:")[2].split()[0], 16)
    return all(effective >> number & 1 for number in wanted)


def keep_capabilities(kept: tuple[int, ...]) -> None:
    """Drop every capability but these, also from the bounding set, so that none can come back."""
    number = 0
    while True:
        try:
            if number not in kept:
                kernel.control(kernel.PR_CAPBSET_DROP, number)
        except OSError:
            break  # past the kernel's last capability, or no right to drop it
        number += 1
    mask = sum(1 << number for number in kept)
    header = struct.pack("=Ii", _CAPABILITY_VERSION_3, 0)
    kernel.call("capset", header, struct.pack("=6I", mask, mask, 0, 0, 0, 0))
