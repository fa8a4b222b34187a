"""What a process makes sure of before it starts: its stores were made for its environment, and production has no stand-in.

All faults are reported together, each with what to do. `session-status doctor` tells the same without starting anything.
"""

from __future__ import annotations

from redis.exceptions import RedisError

from records import Database, RecordsError, WrongEnvironment, stand_ins
from records.stand_ins import StandIn

from .settings import Settings
from .store import connect_brief
from .store_mark import StoreForOther

#: What to do about a stand-in, by its kind. Everything of an implementation but the staff's can be archived instead.
REMEDIES = {
    "identity provider": "session-status saml remove {slug}, then connect the real one",
    "External Authentication": "session-status implementation archive {slug}, or remove it in the console before",
    "connection": "session-status connection remove {slug} {name}, or give it a public https address with `connection set`",
    "role": "session-status role revoke {slug} {name}",
}


class NotStarted(Exception):
    """The process must not start. `faults` are sentences, each with what to do."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("This cannot start:\n" + "\n".join(f"  - {fault}" for fault in faults))
        self.faults = faults


def require_startable(settings: Settings, database: Database) -> None:
    """Raise NotStarted with all faults. The database must carry the schema of this release.

    1. The database and the store were made for this environment. A store that does not answer is asked by each later
       connection anyway.
    2. In production nothing that is served is a stand-in of development.
    """
    # 1.
    faults = [fault for fault in (database_fault(database), store_fault(settings)) if fault]
    if faults:
        raise NotStarted(faults)
    # 2.
    if settings.production:
        with database.reading() as db:
            faults = [sentence(one) for one in stand_ins.every(db)]
    if faults:
        raise NotStarted(faults)


def check_start(settings: Settings) -> None:
    """Do the same with a connection of its own, for a process whose connections come later."""
    database = Database(settings.database_url, environment=settings.environment)
    try:
        require_startable(settings, database)
    except RecordsError as error:
        raise NotStarted([f"DATABASE_URL: {error}."]) from error
    finally:
        database.dispose()


def database_fault(database: Database) -> str:
    """Return what is wrong with the environment of the database, or nothing."""
    try:
        database.require_environment()
    except WrongEnvironment as error:
        return wrong_database(error)
    return ""


def wrong_database(error: WrongEnvironment) -> str:
    """Say that a database is for another environment, and what to do."""
    if error.found is None:
        return f"DATABASE_URL: {error}. Bring it up to date with `session-status db upgrade`."
    return (
        f"DATABASE_URL: {error}. Correct DATABASE_URL or SESSION_STATUS_ENV; if it changes its purpose for good, "
        f"`session-status db mark {error.wanted}`."
    )


def store_fault(settings: Settings) -> str:
    """Return what is wrong with the environment of the store, or nothing; also nothing when it does not answer."""
    if not settings.redis_url:
        return ""
    redis = connect_brief(settings.redis_url, environment=settings.environment)
    try:
        redis.ping()
    except StoreForOther as error:
        return (
            f"REDIS_URL: {error}. Correct REDIS_URL or SESSION_STATUS_ENV; if it changes its purpose for good, "
            f"`session-status store mark {error.wanted}`."
        )
    except (RedisError, OSError):
        return ""
    finally:
        redis.close()
    return ""


def described(one: StandIn) -> str:
    """A stand-in in words."""
    return f"the {' '.join(filter(None, (one.kind, one.name)))} of {one.implementation} {one.fault}"


def remedy(one: StandIn) -> str:
    """What to do about it."""
    return REMEDIES[one.kind].format(slug=one.implementation, name=one.name)


def sentence(one: StandIn) -> str:
    """What is wrong, and what to do."""
    other = (
        ""
        if one.implementation == "staff"
        else f" Or archive it: session-status implementation archive {one.implementation}."
    )
    return f"In production, {described(one)}. Do: {remedy(one)}.{other}"
