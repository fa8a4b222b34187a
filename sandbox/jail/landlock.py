"""Landlock without any rule: it denies every file access and whatever else this kernel can deny.

It backs up the filter: if a file call ever got through the filter, the kernel would still refuse it here. Source: the
kernel's `Documentation/userspace-api/landlock.rst`.
"""

from __future__ import annotations

import struct

from . import kernel

_VERSION_FLAG = 1
#: (ABI, number of file rights from that ABI on, one bit each). ABI 2 added REFER, 3 TRUNCATE, 5 IOCTL_DEV.
_FILE_RIGHTS = ((5, 16), (3, 15), (2, 14), (1, 13))
_TCP_BIND_AND_CONNECT = 3  #: since ABI 4
_ABSTRACT_SOCKETS_AND_SIGNALS = 3  #: as scopes, since ABI 6


def abi() -> int:
    """The Landlock ABI of this kernel; 0 for none."""
    try:
        return kernel.call("landlock_create_ruleset", None, 0, _VERSION_FLAG)
    except OSError:
        return 0


def attributes(version: int) -> bytes:
    """The kernel's `struct landlock_ruleset_attr` that denies all that ABI `version` can deny: 1 or newer, also unknown ones."""
    rights = next(bits for since, bits in _FILE_RIGHTS if version >= since)
    fields = [(1 << rights) - 1]
    if version >= 4:  # an ABI's number is its name
        fields.append(_TCP_BIND_AND_CONNECT)
    if version >= 6:  # the same
        fields.append(_ABSTRACT_SOCKETS_AND_SIGNALS)
    return struct.pack(f"={len(fields)}Q", *fields)


def ruleset(version: int) -> int:
    """Create the ruleset, once in the zygote, and return its descriptor; the zygote and its children only have to enter it."""
    packed = attributes(version)
    return kernel.call("landlock_create_ruleset", packed, len(packed), 0)


def enter(descriptor: int) -> None:
    """Enter the ruleset for good in this process, in a domain of its own below the one it is in. Needs no-new-privs."""
    kernel.call("landlock_restrict_self", descriptor, 0)
