"""How many connections a process can serve under its limit on open files, which it raises as far as it may."""

from __future__ import annotations

import logging
import resource

#: Open files that a process needs besides its connections, and the fewest connections with which it starts.
OTHER_FILES = 256
LEAST_CONNECTIONS = 64

log = logging.getLogger(__name__)


class TooFewFilesError(Exception):
    """The limit on open files allows too few connections. The text names both numbers."""


def room_for(connections: int) -> int:
    """Raise the limit on open files for this many connections; return how many the process can serve.

    Raises TooFewFilesError.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < connections + OTHER_FILES:
        wanted = connections + OTHER_FILES
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        if soft - OTHER_FILES < LEAST_CONNECTIONS:
            raise TooFewFilesError(
                f"The limit on open files is {soft}. The web server needs at least {LEAST_CONNECTIONS + OTHER_FILES}."
            )
        if soft < wanted:
            log.warning("at most %d connections: the limit on open files is %d", soft - OTHER_FILES, soft)
            return soft - OTHER_FILES
    return connections
