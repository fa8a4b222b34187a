"""Replies by which a store that can be reached says that it cannot serve now: each counts as the store being lost.

redis-py has a class of its own for some of them, counts others as lost connections, and hands the rest on as plain
`ResponseError`, as if the command were wrong. So the reply's code decides, which stands in front of the sentence.
"""

from __future__ import annotations

import re

from redis.exceptions import RedisError, ResponseError

PASSWORD, MEMORY, DISK, REPLICAS, RIGHTS, ROLE, WAIT = (
    "password", "memory", "disk", "replicas", "rights", "role", "wait",
)  # fmt: skip

#: Code -> what is wrong, which says what to do about it. A code that is not here is an answer to a wrong command.
REFUSALS = {
    "OOM": MEMORY,
    "MISCONF": DISK,
    "NOREPLICAS": REPLICAS,
    "READONLY": ROLE,
    "MASTERDOWN": ROLE,
    "CLUSTERDOWN": ROLE,
    "LOADING": WAIT,
    "BUSY": WAIT,
    "NOAUTH": PASSWORD,
    "WRONGPASS": PASSWORD,
    "NOPERM": RIGHTS,
}

#: What to do about a store that answers and cannot serve.
REMEDIES = {
    PASSWORD: "correct the user name and the password in REDIS_URL",
    MEMORY: "give the store more memory: raise maxmemory, and free memory of the machine if it has none left",
    DISK: "free or mend the disk that the store saves to; its own log says what failed",
    REPLICAS: "start the replicas of the store, or lower min-replicas-to-write",
    RIGHTS: "give the store's user this command and all keys and channels: its access list (ACL) forbids them",
    ROLE: "name the primary server in REDIS_URL, and start it if it is down",
    WAIT: "wait until the store has finished what it is doing",
}

#: In a pipeline redis-py puts its own words and the command, with its values, before the server's sentence.
_BEFORE = re.compile(r"^Command # .* of pipeline caused error: ", re.DOTALL)
#: Where servers before Redis 7 put the code of what failed within a script.
_IN_SCRIPT = re.compile(r"@user_script: ?\d+: -([A-Z]+) ")


class StoreRefuses(RedisError):
    """The store answered that it cannot serve now. The text is the server's own sentence, with its code; `kind` is of `REFUSALS`."""

    def __init__(self, kind: str, sentence: str) -> None:
        self.kind = kind
        super().__init__(sentence)


def refusal_of(error: BaseException) -> StoreRefuses | None:
    """Read an error of redis-py: None if it is no refusal. Errors of a command that is wrong are none."""
    if isinstance(error, StoreRefuses):
        return error
    if not isinstance(error, RedisError):
        return None
    given: str | None = getattr(error, "status_code", None)
    text = _BEFORE.sub("", str(error))
    sentence = f"{given} {text}" if given and not text.startswith(f"{given} ") else text
    inside = _IN_SCRIPT.search(sentence)
    code = inside[1] if inside else sentence.partition(" ")[0]
    return StoreRefuses(REFUSALS[code], sentence) if code in REFUSALS else None


def is_wrong_type(error: ResponseError) -> bool:
    """Say whether a script met a value that it cannot read, or failed on it: not that the server could not run it."""
    return type(error) is ResponseError and refusal_of(error) is None
