"""What is checked before a process starts; `session-status doctor` checks the same without starting anything.

All faults that can be seen are reported together, each with what to do:

1. A store is named, and the database has exactly this release's schema.
2. Both were made for the environment that the process runs in.
3. In production, nothing that is served is a development stand-in.
4. For a worker: the keys open every secret of what is served. A web process starts without that, and says so in the
   log, because some of these secrets are entered again in the console (decision 0012).
"""

from __future__ import annotations

from redis.exceptions import RedisError

from records import Database, RecordsError, SecretBox, WrongEnvironment
from records.maintenance import development_stand_ins, resealing
from records.maintenance.development_stand_ins import StandIn
from records.maintenance.resealing import CONNECTION, EXTERNAL, PUSHES, SAML_KEY, WEBHOOK, UnreadableSecret
from records.storage import schema_version
from runner.settings.operator_settings import Settings
from runner.store.clients import connect_brief
from runner.store.environment_mark import StoreEnvironmentMismatch

#: What to do about a stand-in, by its kind. Any implementation except that of staff can be archived instead.
REMEDIES = {
    "identity provider": "session-status saml remove {slug}, then connect the real one",
    "External Authentication": "session-status implementation archive {slug}, or remove it in the console first",
    "connection": "session-status connection remove {slug} {name}, or give it a public https address with `connection set`",
    "role": "session-status role revoke {slug} {name}",
    "webhook": "session-status webhook set {slug} --address https://…",
}

#: How to replace a secret that no key opens, by its kind.
REPLACEMENTS = {
    CONNECTION: "session-status connection set {slug} {name} --new-secret",
    EXTERNAL: "enter its secret again in the console of {slug}, under External Authentication",
    SAML_KEY: "session-status saml new-key {slug}, then let the identity provider read our metadata again",
    PUSHES: "session-status facts secret create {slug}, and enter it in the vendor's system",
    WEBHOOK: "session-status webhook new-secret {slug}, twice, and enter it in the other system",
}

#: Words of a PostgreSQL server that refuses a connection -> what to do. Without any of them it is taken to be down.
DATABASE_REMEDIES = {
    "too many": "raise max_connections of PostgreSQL, or run fewer web and worker processes",
    "remaining connection slots": "raise max_connections of PostgreSQL, or run fewer web and worker processes",
    "password authentication failed": "correct the user name and the password in DATABASE_URL",
    "no password supplied": "add the password to DATABASE_URL",
    "does not exist": "correct the name in DATABASE_URL, or create the database and its user",
    "no pg_hba.conf entry": "add a line for this machine to the server's pg_hba.conf",
    "starting up": "wait until the database has started",
}
START_DATABASE = "start the database, or correct DATABASE_URL"

NO_STORE = "REDIS_URL is not set. Name a Valkey or Redis server, or start everything at once with `session-status up`."


class NotStarted(Exception):
    """The process must not start. `faults` are sentences, each of which says what to do."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("This cannot start:\n" + "\n".join(f"  - {fault}" for fault in faults))
        self.faults = faults


def require_startable(settings: Settings, database: Database, *, worker: bool) -> None:
    """Raise NotStarted with all faults. A store that does not answer is not a fault: each new connection checks it again."""
    # 1. and 2.
    faults = [fault for fault in (store_fault(settings), database_fault(database)) if fault]
    if faults:
        raise NotStarted(faults)
    with database.reading() as db:
        # 3.
        if settings.production:
            faults += [sentence(one) for one in development_stand_ins.every(db)]
    # 4.
    if worker:
        faults += secret_faults(settings, database)
    if faults:
        raise NotStarted(faults)


def check_start(settings: Settings, *, worker: bool) -> None:
    """Do the same with a connection of its own, for a process that connects later."""
    try:
        database = Database(settings.database_url, environment=settings.environment)
    except RecordsError as error:
        raise NotStarted([f"{error}."]) from error
    try:
        require_startable(settings, database, worker=worker)
    except RecordsError as error:
        raise NotStarted([f"DATABASE_URL: {error}."]) from error
    finally:
        database.dispose()


def database_fault(database: Database) -> str:
    """Say why this release cannot work on a database in this environment; "" if it can."""
    try:
        fault = schema_fault(database.version())
        if not fault:
            database.require_environment()
    except WrongEnvironment as error:
        return wrong_database(error)
    except RecordsError as error:
        return f"DATABASE_URL: {error}. Start the database, or correct the address."
    return f"DATABASE_URL: {fault}" if fault else ""


def database_remedy(error: RecordsError) -> str:
    """Return what to do about a database that could not be reached, by what its server said."""
    text = str(error)
    return next((remedy for words, remedy in DATABASE_REMEDIES.items() if words in text), START_DATABASE)


def schema_fault(found: str | None) -> str:
    """Say what is wrong with the schema version of a database, and what to do; "" if nothing is."""
    if found == schema_version.HEAD:
        return ""
    upgrade = "Bring it up to date with `session-status db upgrade`."
    if found is None:
        return f"the database has no tables yet. {upgrade}"
    if found in schema_version.KNOWN:
        return f"the database is at revision {found}, and this release needs {schema_version.HEAD}. {upgrade}"
    return (
        f"the database is at revision {found}, which this release does not know (its newest is {schema_version.HEAD}): install "
        "the newer release, or restore the backup from before its upgrade."
    )


def wrong_database(error: WrongEnvironment) -> str:
    """Say that a database is for another environment, and what to do."""
    if error.found is None:
        return f"DATABASE_URL: {error}. Bring it up to date with `session-status db upgrade`."
    return (
        f"DATABASE_URL: {error}. Correct DATABASE_URL or SESSION_STATUS_ENV. To change the environment of this database "
        f"for good: `session-status db mark {error.wanted}`."
    )


def store_fault(settings: Settings) -> str:
    """Say what is wrong with the setting or the environment of the store; "" also for a store that does not answer."""
    if not settings.redis_url:
        return NO_STORE
    redis = connect_brief(settings.redis_url, environment=settings.environment)
    try:
        redis.ping()
    except StoreEnvironmentMismatch as error:
        return (
            f"REDIS_URL: {error}. Correct REDIS_URL or SESSION_STATUS_ENV. To change the environment of this store for "
            f"good: `session-status store mark {error.wanted}`."
        )
    except (RedisError, OSError):
        return ""
    finally:
        redis.close()
    return ""


def unreadable_secrets(settings: Settings, database: Database) -> list[UnreadableSecret]:
    """Return every secret that no key of the settings opens."""
    with database.reading() as db:
        return resealing.unreadable_secrets(db, SecretBox(settings.keys))


def secret_faults(settings: Settings, database: Database) -> list[str]:
    """Say which secrets of what is served no key opens, and what to do."""
    return [
        f"SESSION_STATUS_SECRET_KEY does not open {secret_in_words(one)}. {what_to_do(one)}"
        for one in unreadable_secrets(settings, database)
        if not one.archived
    ]


def secret_in_words(one: UnreadableSecret) -> str:
    """Name a secret."""
    name = f" ({one.name})" if one.kind in (SAML_KEY, PUSHES) else f" {one.name}" if one.name else ""
    return f"the secret of the {one.kind}{name} of {one.implementation}"


def what_to_do(one: UnreadableSecret) -> str:
    """Say what to do about a secret that no key opens."""
    replacement = REPLACEMENTS[one.kind].format(slug=one.implementation, name=one.name)
    return f"Put the key that sealed it into SESSION_STATUS_SECRET_KEYS_OLD; if that is lost: {replacement}."


def described(one: StandIn) -> str:
    """Name a stand-in, and what is wrong with it."""
    return f"the {' '.join(filter(None, (one.kind, one.name)))} of {one.implementation} {one.fault}"


def remedy(one: StandIn) -> str:
    """Say what to do about a stand-in."""
    return REMEDIES[one.kind].format(slug=one.implementation, name=one.name)


def sentence(one: StandIn) -> str:
    """Say what is wrong with a stand-in, and what to do, in a sentence."""
    other = (
        ""
        if one.implementation == "staff"
        else f" Or archive it: session-status implementation archive {one.implementation}."
    )
    return f"In production, {described(one)}. Do: {remedy(one)}.{other}"
