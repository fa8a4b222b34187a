"""The jail: what the kernel is asked to hold, so that a script which has left the language still reaches nothing.

    syscalls.py         which calls are given, hostile or refused
    syscall_numbers.py  their numbers for x86_64 and aarch64
    kernel.py           one way to make a system call
    seccomp.py          the seccomp program
    landlock.py         the deny-all ruleset
    namespaces.py       what the zygote leaves: namespaces, root folder, capabilities
    lockdown.py         the order in which a child locks itself in
    probes.py           the attempts to break out, made at every start

Nothing here knows Python's language rules, the broker or a script.
"""
