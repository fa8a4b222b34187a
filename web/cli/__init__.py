"""The command line `session-status`: the second edge beside HTTP. It parses, calls one rule, and prints.

`commands` puts all commands together; each other module is named after its command, and `complaints` says how the
command line says no.
"""

from .commands import main

__all__ = ["main"]
