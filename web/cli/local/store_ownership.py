"""Which database and store `session-status up` may use. It checks this before it writes or starts anything.

It fills a demo and starts an identity provider where anyone can log in as any person, so it uses only:

1. The database and the store in its data folder, unless they were made for production.
2. Others only if they were marked for development when they were made. `up` never marks them: an empty one is refused too,
   because its purpose is unknown.
3. A database or store whose mark cannot be read is refused.
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
    "`up` is for development, so it uses only its own database and store. Nothing was written or started. "
    "Unset DATABASE_URL and REDIS_URL to let it create its own in the data folder."
)


def require_own_stores(settings: Settings) -> None:
    """Raise CommandFailed with all findings unless the database and the store are for development."""
    faults = [fault for fault in (database_fault(settings), store_fault(settings)) if fault]
    if faults:
        raise CommandFailed("\n".join([PURPOSE, *(f"  - {fault}" for fault in faults)]))


def database_fault(settings: Settings) -> str:
    """Say why `up` must not use this database; "" if it may."""
    own = settings.database_is_own
    where = "The database in the data folder" if own else "The database that DATABASE_URL names"
    try:
        name = Database(settings.database_url, environment=settings.environment).place
        found = database_inspection.look(settings.database_url, own=own)
    except RecordsError as error:
        return f"{where} cannot be checked: {error}."
    # 1., 2.
    if found.counts_as == DEVELOPMENT or (own and found.version is None):
        return ""
    return f"{where} ({name}) {purpose(found)}. {remedy(own=own, found=found)}"


def purpose(found: DatabaseInspection) -> str:
    """Describe a database that is not ours."""
    if found.version is None:
        return "is empty, and `up` creates tables only in its own database"
    holds = f"it contains {listed(found.implementations)}" if found.implementations else "it contains no implementation"
    if found.mark is None:
        return f"is of an earlier release and has no mark, so it counts as production; {holds}"
    return f"was made for {found.mark}; {holds}"


def remedy(*, own: bool, found: DatabaseInspection) -> str:
    """Say what to do if it is for development."""
    if found.version is None:
        return f"If it is for development: SESSION_STATUS_ENV={DEVELOPMENT} session-status db upgrade."
    other = "Choose another --data-folder. " if own else ""
    return f"{other}If it is for development: SESSION_STATUS_ENV={DEVELOPMENT} session-status db mark {DEVELOPMENT}."


def store_fault(settings: Settings) -> str:
    """Say why `up` must not use the store that REDIS_URL names; "" if it may. Its own store is checked after its start."""
    if not settings.redis_url:
        return ""
    found = mark_of(settings.redis_url)
    if found.environment == DEVELOPMENT:
        return ""
    marking = f"If it is for development: SESSION_STATUS_ENV={DEVELOPMENT} session-status store mark {DEVELOPMENT}."
    # 3.
    if found.fault:
        return f"The store that REDIS_URL names cannot be checked: {found.fault}."
    return f"The store that REDIS_URL names {kept_for(found)}. {marking}"


def kept_for(found: StoreMark) -> str:
    """Describe a store that is not ours."""
    if found.environment:
        return f"was made for {found.environment}"
    if found.empty:
        return "is empty, and `up` fills only its own store"
    return "contains data and has no mark, so it counts as production"
