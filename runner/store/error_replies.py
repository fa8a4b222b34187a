"""Replies by which a store that can be reached says that it cannot serve now. Each counts as an outage.

redis-py has an error class for some of them, treats others as lost connections, and raises the rest as plain
`ResponseError`, as if the command were wrong. So the reply's code decides, which comes before its sentence.
"""

from __future__ import annotations

import re

from redis.exceptions import RedisError, ResponseError

PASSWORD, MEMORY, DISK, REPLICAS, RIGHTS, ROLE, WAIT = (
    "password", "memory", "disk", "replicas", "rights", "role", "wait",
)  # fmt: skip

#: Code -> what is wrong, the key of `REMEDIES`. Any other code is an answer to a wrong command.
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

#: What to do about a store that answers but cannot serve.
REMEDIES = {
    PASSWORD: "correct the user name and the password in REDIS_URL",
    MEMORY: "give the store more memory: raise maxmemory, and free memory on the machine if none is left",
    DISK: "free or repair the disk that the store saves to; its own log says what failed",
    REPLICAS: "start the replicas of the store, or lower min-replicas-to-write",
    RIGHTS: "allow the store's user this command and all keys and channels: its access list (ACL) forbids them",
    ROLE: "name the primary server in REDIS_URL, and start it if it is down",
    WAIT: "wait until the store has finished what it is doing",
}

#: In a pipeline, redis-py puts its own words and the command, with its values, before the server's sentence.
_BEFORE = re.compile(r"^Command # .* of pipeline caused error: ", re.DOTALL)
#: Where servers before Redis 7 put the code of an error within a script.
_IN_SCRIPT = re.compile(r"@user_script: ?\d+: -([A-Z]+) ")


class StoreRefuses(RedisError):
    """The store answered that it cannot serve now. The text is the server's own sentence, with its code; `kind` is of `REFUSALS`."""

    def __init__(self, kind: str, sentence: str) -> None:
        self.kind = kind
        super().__init__(sentence)


def refusal_of(error: BaseException) -> StoreRefuses | None:
    """Return the refusal in an error of redis-py; None for any other error, such as that of a wrong command."""
    if isinstance(error, StoreRefuses):
        return error
    if not isinstance(error, RedisError):
        return None
    status_code: str | None = getattr(error, "status_code", None)
    text = _BEFORE.sub("", str(error))
    sentence = f"{status_code} {text}" if status_code and not text.startswith(f"{status_code} ") else text
    inside = _IN_SCRIPT.search(sentence)
    code = inside[1] if inside else sentence.partition(" ")[0]
    return StoreRefuses(REFUSALS[code], sentence) if code in REFUSALS else None


def is_wrong_type(error: ResponseError) -> bool:
    """Say whether a script failed on a value that it cannot read, not because the server could not run it."""
    return type(error) is ResponseError and refusal_of(error) is None
