"""The jail: the limits that the kernel enforces, so that a script that has left the language still reaches nothing.

    syscalls.py         which calls are allowed, hostile or refused
    syscall_numbers.py  their numbers for x86_64 and aarch64
    kernel.py           system calls by name
    seccomp.py          the seccomp programs: of the zygote, of its children, of a process without a zygote
    landlock.py         the deny-all ruleset
    namespaces.py       what the zygote gives up: namespaces, root folder, capabilities
    lockdown.py         the steps by which the zygote and its children lock themselves in
    confinement.py      the same steps for a whole process that is no run: a decoder of images
    probes.py           the attempts to break out, made at every start
    inspection.py       one child that reports which layers hold
    report.py           the jail report, and whether scripts may run

Nothing here knows Python's language rules, the broker or a script.
"""
