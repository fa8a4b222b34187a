"""Which system calls a jailed child may make, which are hostile and which are only refused.

The calls are grouped by behaviour: what a running interpreter needs is allowed, what only an attack calls kills the
process and raises the alarm, and everything else fails with EPERM. So a library that makes a new call after an update
gets an error that it can handle, not a mysterious death.
"""

from __future__ import annotations

from .syscall_numbers import numbers

# Two children must not learn of each other or signal each other. Each allowed call was examined for that:
#
#   read, write       on the channel only, whose other end is the broker's
#   mmap              private, without a file: MAP_SHARED, huge pages (one pool for the machine) and locking are refused
#   mremap            grows and moves; the flags that choose the address or keep both copies are refused
#   mprotect, munmap, brk   change this process only; a shared page of a library stays as it is in the others
#   madvise           releases this process's own pages; merging equal pages with other processes is refused
#   futex             needs FUTEX_PRIVATE_FLAG: without it, all children that map the same page of a library (gconv's
#                     cache is one) wait for and wake each other. glibc, musl and CPython 3.11 to 3.14 set the flag for
#                     every lock, condition and semaphore; the wake at a thread's end is made by the kernel itself
#   clock_gettime     the machine's clocks and the process's own; the CPU clock of another process is a negative number
#   getrandom         the generator; GRND_RANDOM (the pool, which older kernels share out) is refused
#   restart_syscall   continues the call that a signal interrupted, with its old arguments
#   exit, exit_group  end this process; only its parent, the zygote, learns how
#
# `ACROSS_PROCESSES` below lists calls that would tell about others and are not allowed; the tests make each of them.

#: What CPython needs after the lock-down. `CONDITIONAL` calls are allowed, too, under the conditions in `seccomp.py`.
ALLOWED = ("munmap", "brk", "restart_syscall", "exit", "exit_group")

CONDITIONAL = ("read", "write", "mmap", "mprotect", "mremap", "madvise", "futex", "clock_gettime", "getrandom")

#: Refused like everything that is not named; listed here because each would tell a process about others, or reach them.
ACROSS_PROCESSES = {
    "what another process is doing": (
        "getpriority ioprio_get getpgid getsid sched_getaffinity sched_getattr sched_getparam sched_getscheduler"
        " sched_rr_get_interval get_robust_list getrusage times wait4 waitid"
    ),
    "what other processes do to the machine": "sysinfo mincore getcpu clock_getres",
    "wait for another process, or wake it": (
        "futex_waitv clock_nanosleep membarrier rseq set_robust_list semop semtimedop msgsnd msgrcv shmdt flock"
    ),
    "hold back another process": "sched_setaffinity sched_yield setpgid setsid mlock mlock2 mlockall msync",
}

#: Reason -> calls that kill the process: no script can make one of these without having left the language.
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

#: Dangerous, but only refused, because the interpreter makes them by itself: one that gives up calls `abort()` (signals),
#: newer ones name their memory (`prctl`). A crash must not look like an attack.
REFUSED_QUIETLY = ("rt_sigaction", "rt_sigprocmask", "sigaltstack", "tgkill", "gettid", "getpid", "prctl", "openat")


#: Reason -> calls that the zygote makes for its work, besides `ALLOWED` and `CONDITIONAL`. It inherits none of them to a
#: child: the program that each child adds kills or refuses them as the rules of the jail say.
NEEDED_BY_ZYGOTE = {
    "take requests and hand out children": (
        "read write recvfrom recvmsg sendto sendmsg poll ppoll socketpair shutdown getsockname getsockopt close ioctl fcntl"
    ),
    "fork, watch, kill and reap": (
        "fork vfork clone clone3 kill pidfd_open wait4 getpid gettid getppid rt_sigprocmask"
        " set_robust_list rseq set_tid_address"
    ),
    "let a child lock itself in": (
        "dup dup2 dup3 close_range getrlimit setrlimit prlimit64 setgroups setresgid setresuid getuid geteuid getgid"
        " getegid prctl seccomp landlock_restrict_self setitimer"
    ),
}


def needed_by_zygote(machine: str) -> list[int]:
    """The numbers of the calls that the zygote needs and that exist on `machine`."""
    return _numbers_of(NEEDED_BY_ZYGOTE, machine)


def hostile(machine: str) -> list[int]:
    """The numbers of the hostile calls that exist on `machine`."""
    return _numbers_of(HOSTILE, machine)


def _numbers_of(groups: dict[str, str], machine: str) -> list[int]:
    table = numbers(machine)
    names = [name for group in groups.values() for name in group.split()]
    return [table[name] for name in names if name in table]
