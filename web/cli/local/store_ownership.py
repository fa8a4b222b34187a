"""Whose stores are these? `session-status up` asks before it writes or starts anything.

It seeds a demo, and starts an identity provider at which anybody can be anybody, so it touches stores of its own only:

1. The database and the store in its data folder, unless what lies there was made for production.
2. Others only if they were marked as development when they were made, which `up` itself never does to them: an empty
   one is refused as well, because nobody can tell whose it will be.
3. What cannot be asked is refused.
"""

from __future__ import annotations

from records import Database, RecordsError
from records.maintenance import database_inspection
from records.maintenance.database_inspection import DatabaseInspection
from runner.settings.operator_settings import Settings
from runner.store.mark_administration import StoreMark, mark_of
from web.cli.common.errors import CommandFailed, listed

DEVELOPMENT = "development"
PURPOSE = (
    "`up` starts stand-ins of development, so it works on stores of its own only, and nothing was written or started. "
    "Unset DATABASE_URL and REDIS_URL to let it make its own in the data folder."
)


def require_own_stores(settings: Settings) -> None:
    """Raise CommandFailed, with everything that was found, unless the database and the store are for development."""
    faults = [fault for fault in (database_fault(settings), store_fault(settings)) if fault]
    if faults:
        raise CommandFailed("\n".join([PURPOSE, *(f"  - {fault}" for fault in faults)]))


def database_fault(settings: Settings) -> str:
    """Say why `up` must not touch this database, or nothing."""
    own = settings.database_is_own
    where = "The database in the data folder" if own else "The database that DATABASE_URL names"
    try:
        name = Database(settings.database_url, environment=settings.environment).place
        found = database_inspection.look(settings.database_url, own=own)
    except RecordsError as error:
        return f"{where} cannot be asked what it was made for: {error}."
    # 1., 2.
    if found.counts_as == DEVELOPMENT or (own and found.version is None):
        return ""
    return f"{where} ({name}) {purpose(found)}. {remedy(own=own, found=found)}"


def purpose(found: DatabaseInspection) -> str:
    """What was found in a database that is not ours."""
    if found.version is None:
        return "is empty, and `up` makes tables in a database of its own only"
    holds = f"it holds {listed(found.implementations)}" if found.implementations else "it holds no implementation yet"
    if found.mark is None:
        return f"is of an earlier release and carries no mark, so it counts as production; {holds}"
    return f"was made for {found.mark}; {holds}"


def remedy(*, own: bool, found: DatabaseInspection) -> str:
    """What to do about it, if it is for development nevertheless."""
    if found.version is None:
        return f"If it is for development: SESSION_STATUS_ENV={DEVELOPMENT} session-status db upgrade."
    other = "Choose another --data-folder. " if own else ""
    return f"{other}If it is for development: SESSION_STATUS_ENV={DEVELOPMENT} session-status db mark {DEVELOPMENT}."


def store_fault(settings: Settings) -> str:
    """Say why `up` must not touch the store that REDIS_URL names, or nothing. Its own one is asked once it runs."""
    if not settings.redis_url:
        return ""
    found = mark_of(settings.redis_url)
    if found.environment == DEVELOPMENT:
        return ""
    marking = f"If it is for development: SESSION_STATUS_ENV={DEVELOPMENT} session-status store mark {DEVELOPMENT}."
    # 3.
    if found.fault:
        return f"The store that REDIS_URL names cannot be asked what it was made for: {found.fault}."
    return f"The store that REDIS_URL names {kept_for(found)}. {marking}"


def kept_for(found: StoreMark) -> str:
    """What was found in a store that is not ours."""
    if found.environment:
        return f"was made for {found.environment}"
    if found.empty:
        return "is empty, and `up` fills a store of its own only"
    return "holds data and carries no mark, so it counts as production"
