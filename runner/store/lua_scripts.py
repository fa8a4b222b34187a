"""Lua scripts, called by their digest. After a restart of the server their sources are sent once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from redis import Redis
from redis.exceptions import NoScriptError

from .thread_connections import ThreadConnections

Argument = str | bytes | float


class LuaScript:
    """One script for one key, over the client's pool."""

    def __init__(self, redis: Redis, source: str) -> None:
        self.redis = redis
        self._source = source
        self.sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, key: str, *arguments: Argument) -> Any:
        """Run the script for one key, and return its answer."""
        try:
            return self.redis.evalsha(self.sha, 1, key, *arguments)
        except NoScriptError:
            return self.redis.eval(self._source, 1, key, *arguments)

    def load(self) -> None:
        """Send the source, without running the script."""
        self.redis.script_load(self._source)

    @property
    def load_command(self) -> tuple[str, ...]:
        """The command by which `load` does it, for connections of other kinds."""
        return ("SCRIPT", "LOAD", self._source)


class ScriptCall:
    """One call of a script, to be sent by `DirectScripts`."""

    def __init__(self, script: LuaScript, keys: Sequence[str], *arguments: Argument) -> None:
        self.script = script
        self.keys = keys
        self.command = ("EVALSHA", script.sha, len(keys), *keys, *arguments)


class DirectScripts:
    """Calls scripts on the connection of the thread that asks."""

    def __init__(self, redis: Redis) -> None:
        self._connections = ThreadConnections(redis)

    def run(self, *calls: ScriptCall) -> list[Any]:
        """Return the answers of a few scripts, which are sent together and are no transaction.

        If the server knows one of them no more, all are sent again, so each must be harmless when it is repeated.
        """
        commands = [call.command for call in calls]
        try:
            return self._connections.ask(*commands)
        except NoScriptError:
            for call in calls:
                call.script.load()
            return self._connections.ask(*commands)

    def pop(self, key: str, wait_s: float) -> bool:
        """Say whether something came into a list within this time, which must be shorter than the client's timeout; remove it."""
        return self._connections.ask(("BLPOP", key, wait_s))[0] is not None
