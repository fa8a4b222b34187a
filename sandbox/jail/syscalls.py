"""System call numbers by name for x86_64 and aarch64, and which calls are given, hostile or merely refused.

The filter thinks in behaviours, not in one long list: what a running interpreter needs is given, what only an attack
asks for kills the process and raises the alarm, and everything else fails with EPERM. So a library that asks for
something new after an update gets an error it can handle, and not a mysterious death.
"""

from __future__ import annotations

import os
import sys

#: What CPython needs after the lock-down. `CONDITIONAL` are given too, and `filter.py` has the conditions.
GIVEN = (
    "munmap",
    "brk",
    "mremap",
    "getrandom",
    "restart_syscall",
    "exit",
    "exit_group",
)

CONDITIONAL = ("read", "write", "mmap", "mprotect", "madvise", "futex", "clock_gettime")

#: Killed at sight, by the reason: no script can cause one of these without having left the language.
HOSTILE = {
    "start a program or a process": "execve execveat fork vfork clone clone3",
    "touch another process": (
        "kill tkill ptrace process_vm_readv process_vm_writev process_madvise process_mrelease pidfd_open pidfd_getfd"
        " pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo kcmp migrate_pages move_pages"
    ),
    "reach the network or pass descriptors": (
        "socket socketpair connect bind listen accept accept4 sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg"
        " setsockopt"
    ),
    "change the file system's shape": (
        "mount umount2 pivot_root chroot move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr swapon"
        " swapoff quotactl quotactl_fd open_by_handle_at name_to_handle_at mknod mknodat"
    ),
    "gain rights or leave the jail": (
        "setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid setgroups capset unshare setns seccomp"
        " arch_prctl personality landlock_create_ruleset landlock_add_rule landlock_restrict_self add_key request_key"
        " keyctl"
    ),
    "disarm a limit": (  # `rt_sigreturn` sets the signal mask; a child has no signal handler to return from
        "rt_sigreturn setitimer alarm timer_create timer_settime timer_delete setrlimit prlimit64 setpriority sched_setscheduler"
        " sched_setattr sched_setparam ioprio_set"
    ),
    "make or share memory that could hold code": (
        "pkey_mprotect memfd_create memfd_secret remap_file_pages userfaultfd shmget shmat shmctl semget semctl msgget"
        " msgctl mq_open mq_unlink"
    ),
    "attack the kernel": (
        "bpf perf_event_open io_uring_setup io_uring_enter io_uring_register io_setup init_module finit_module"
        " delete_module kexec_load kexec_file_load reboot syslog acct sethostname setdomainname settimeofday"
        " clock_settime clock_adjtime adjtimex iopl ioperm modify_ldt fanotify_init fanotify_mark vhangup vmsplice"
        " splice tee"
    ),
}

#: Dangerous, and yet only refused, because the machinery below a script asks for them by itself: an interpreter that
#: gives up calls `abort()` (signals), newer ones name their memory (`prctl`). A crash must not look like an attack.
REFUSED_QUIETLY = ("rt_sigaction", "rt_sigprocmask", "sigaltstack", "tgkill", "gettid", "getpid", "prctl", "openat")

#: name: (x86_64, aarch64), None where the architecture has no such call. Source: the kernel's `unistd` headers.
_TABLE: dict[str, tuple[int | None, int | None]] = {
    "accept": (43, 202),
    "accept4": (288, 242),
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "alarm": (37, None),
    "arch_prctl": (158, None),
    "bind": (49, 200),
    "bpf": (321, 280),
    "brk": (12, 214),
    "capset": (126, 91),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_gettime": (228, 113),
    "clock_settime": (227, 112),
    "clone": (56, 220),
    "clone3": (435, 435),
    "close_range": (436, 436),
    "connect": (42, 203),
    "delete_module": (176, 106),
    "execve": (59, 221),
    "execveat": (322, 281),
    "exit": (60, 93),
    "exit_group": (231, 94),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "finit_module": (313, 273),
    "fork": (57, None),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "futex": (202, 98),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "getrandom": (318, 278),
    "gettid": (186, 178),
    "init_module": (175, 105),
    "io_setup": (206, 0),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "ioprio_set": (251, 30),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "kill": (62, 129),
    "landlock_add_rule": (445, 445),
    "landlock_create_ruleset": (444, 444),
    "landlock_restrict_self": (446, 446),
    "listen": (50, 201),
    "madvise": (28, 233),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "migrate_pages": (256, 238),
    "mknod": (133, None),
    "mknodat": (259, 33),
    "mmap": (9, 222),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "mprotect": (10, 226),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "mremap": (25, 216),
    "msgctl": (71, 187),
    "msgget": (68, 186),
    "munmap": (11, 215),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "openat": (257, 56),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pivot_root": (155, 41),
    "pkey_mprotect": (329, 288),
    "prctl": (157, 167),
    "prlimit64": (302, 261),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "read": (0, 63),
    "reboot": (169, 142),
    "recvfrom": (45, 207),
    "recvmmsg": (299, 243),
    "recvmsg": (47, 212),
    "remap_file_pages": (216, 234),
    "request_key": (249, 218),
    "restart_syscall": (219, 128),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigqueueinfo": (129, 138),
    "rt_sigreturn": (15, 139),
    "rt_tgsigqueueinfo": (297, 240),
    "sched_setattr": (314, 274),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "seccomp": (317, 277),
    "semctl": (66, 191),
    "semget": (64, 190),
    "sendmmsg": (307, 269),
    "sendmsg": (46, 211),
    "sendto": (44, 206),
    "setdomainname": (171, 162),
    "setfsgid": (123, 152),
    "setfsuid": (122, 151),
    "setgid": (106, 144),
    "setgroups": (116, 159),
    "sethostname": (170, 161),
    "setitimer": (38, 103),
    "setns": (308, 268),
    "setpriority": (141, 140),
    "setregid": (114, 143),
    "setresgid": (119, 149),
    "setresuid": (117, 147),
    "setreuid": (113, 145),
    "setrlimit": (160, 164),
    "setsockopt": (54, 208),
    "settimeofday": (164, 170),
    "setuid": (105, 146),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "shmget": (29, 194),
    "sigaltstack": (131, 132),
    "socket": (41, 198),
    "socketpair": (53, 199),
    "splice": (275, 76),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "tee": (276, 77),
    "tgkill": (234, 131),
    "timer_create": (222, 107),
    "timer_delete": (226, 111),
    "timer_settime": (223, 110),
    "tkill": (200, 130),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vfork": (58, None),
    "vhangup": (153, 58),
    "vmsplice": (278, 75),
    "write": (1, 64),
}

#: The value by which the kernel names the architecture in a filter (`AUDIT_ARCH_*`).
AUDIT_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def architecture() -> str | None:
    """The architecture of this process if the jail knows it, else None (another system, or 32 bits)."""
    machine = os.uname().machine
    if sys.platform != "linux" or sys.maxsize < 2**32 or machine not in AUDIT_ARCHITECTURES:
        return None
    return machine


def numbers(machine: str) -> dict[str, int]:
    """Every call of the table that `machine` has, by name."""
    column = list(AUDIT_ARCHITECTURES).index(machine)
    return {name: number for name, row in _TABLE.items() if (number := row[column]) is not None}


def hostile(machine: str) -> list[int]:
    """The numbers of the hostile calls which `machine` has."""
    table = numbers(machine)
    names = [name for group in HOSTILE.values() for name in group.split()]
    return [table[name] for name in names if name in table]
