"""The command line `session-status`: the second edge beside HTTP. It parses, calls one rule, and prints.

`commands` puts all commands together; each module of `setup/`, `scripts/`, `operate/` and `local/` is named after its
command. `common/` holds what they share: `context` opens the records and the store, `errors` is how a command says no.
"""

from .commands import main

__all__ = ["main"]
