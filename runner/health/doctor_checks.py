"""What `doctor` checks on the store and the jail. These checks are too slow for a request."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from runner.settings.operator_settings import Settings
from runner.store.clients import connect
from runner.store.environment_mark import read_mark, try_write
from runner.store.error_replies import REMEDIES, StoreRefuses, refusal_of
from runner.store.memory import UNKNOWN, StoreMemory, memory_of
from runner.store.worker_heartbeat import BACKGROUND, CHECKS, WorkerNote, last_worker, workers_present
from sandbox import JailConfig, JailTooWeak, examine


@dataclass(frozen=True)
class StoreCheckup:
    """What was found out about the store. `policy` and `persists` are empty if the server does not tell."""

    fault: str = ""
    remedy: str = ""  #: what to do about the fault
    server: str = ""
    used: str = ""
    memory: StoreMemory = UNKNOWN
    policy: str = ""
    persists: bool | None = None
    ahead_s: int = 0  #: by how much this machine's clock is ahead of the store's
    workers: tuple[WorkerNote, ...] = ()
    last_worker: str = ""  #: its name, and when it was here; empty if there never was one
    background_workers: tuple[WorkerNote, ...] = ()
    last_background_worker: str = ""
    check_workers: tuple[WorkerNote, ...] = ()  #: background workers whose jail holds, so that they check scripts
    mark: str = ""  #: the environment it was made for; "" while it is not marked
    empty: bool = True


def store_checkup(redis_url: str) -> StoreCheckup:
    """Check the store. Never raises for a store that is away."""
    try:
        redis = connect(redis_url)
    except ValueError as error:
        return StoreCheckup(fault=f"REDIS_URL cannot be read: {error}", remedy="correct REDIS_URL")
    try:
        info: dict[str, Any] = redis.info()
        workers, last = workers_present(redis), last_worker(redis)
        background, last_background = workers_present(redis, BACKGROUND), last_worker(redis, BACKGROUND)
        checking = workers_present(redis, CHECKS)
        mark, empty = read_mark(redis)
        seconds: Any = redis.time()[0]
        refusal = write_refusal(redis)
    except (RedisError, OSError) as error:
        return unanswered(error)
    finally:
        redis.close()
    name = "Valkey" if "valkey_version" in info else "Redis"
    return StoreCheckup(
        fault=f"it refuses to serve: {refusal}" if refusal else "",
        remedy=REMEDIES[refusal.kind] if refusal else "",
        server=f"{name} {info.get('valkey_version') or info.get('redis_version')}",
        used=str(info.get("used_memory_human", "?")),
        memory=memory_of(info),
        policy=str(info.get("maxmemory_policy", "")),
        persists=bool(info["aof_enabled"]) if "aof_enabled" in info else None,
        ahead_s=round(time.time()) - int(seconds),
        workers=workers,
        last_worker=last,
        background_workers=background,
        last_background_worker=last_background,
        check_workers=checking,
        mark=mark,
        empty=empty,
    )


def write_refusal(redis: Redis) -> StoreRefuses | None:
    """Try a write; return why the store refuses it, or None. Raises any other error of the client."""
    try:
        try_write(redis)
    except StoreRefuses as refusal:
        return refusal
    return None


def unanswered(error: Exception) -> StoreCheckup:
    """Return a checkup that says why the store could not be asked, in the server's own words if it answered."""
    refusal = refusal_of(error)
    if refusal:
        return StoreCheckup(fault=f"it refuses to serve: {refusal}", remedy=REMEDIES[refusal.kind])
    return StoreCheckup(
        fault=f"it does not answer ({type(error).__name__})", remedy="start the store, or correct REDIS_URL"
    )


@dataclass(frozen=True)
class JailCheckup:
    """What the jail's own probes found. `objection` says why no script may run, and what to do; "" if scripts may run."""

    objection: str
    layers: str = ""  #: the layers that hold; empty if that could not be seen
    probes: str = ""
    leaks: tuple[str, ...] = ()
    started: bool = True  #: whether a child could be jailed at all


def jail_checkup(settings: Settings | None) -> JailCheckup:
    """Start a jail, attack it, end it. Without settings, the default strictness applies."""
    config = JailConfig(require=settings.sandbox_require) if settings else JailConfig()
    try:
        report, objection = examine(config)
    except JailTooWeak as error:
        return JailCheckup(objection=str(error))
    return JailCheckup(objection, report.layers, report.probes, report.leaks, started=not report.fault)
