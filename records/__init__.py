"""The records room: what is remembered, and by which rules.

Everything belongs to exactly one implementation. The edge (a view, the job, a command) begins the transaction, the
rules take `db` first and never commit:

    database = Database("sqlite:////data/records.db")
    database.upgrade()
    with database.session() as db:                       # commits at the end, rolls back on an exception
        demo = implementations.create(db, "demo", "Demo Congress", "Europe/Berlin")
    with database.reading() as db:                       # takes no write lock; for the hot path
        version = scripts.active(db, demo)

Rules stand in a module for each thing: `implementations`, `connections`, `users`, `sessions`, `scripts`, `runs`.
What they refuse is one exception, `Refused`, which names each field and the reason. Importing has no effect.
"""

from __future__ import annotations

from sqlalchemy.orm import Session as DbSession

from . import connections, editions, implementations, runs, scripts, sessions, users
from .agenda_file import FileFault
from .auth_kinds import AUTH_KINDS
from .columns import Base
from .connections import METHODS, Connection, ConnectionDraft, OpenedConnection
from .database import Database
from .errors import BadKey, Conflict, Fault, NotOpened, RecordsError, Refused, SchemaUnknown, SecretsError, Unavailable
from .implementations import Implementation
from .runs import Run, RunFilter, RunRecord
from .scripts import Activation, Script, Version, VersionCode
from .secretbox import SecretBox
from .sessions import AgendaSession, ImportReport
from .users import Profile, User

__all__ = [
    "AUTH_KINDS",
    "METHODS",
    "Activation",
    "AgendaSession",
    "BadKey",
    "Base",
    "Conflict",
    "Connection",
    "ConnectionDraft",
    "Database",
    "DbSession",
    "Fault",
    "FileFault",
    "Implementation",
    "ImportReport",
    "NotOpened",
    "OpenedConnection",
    "Profile",
    "RecordsError",
    "Refused",
    "Run",
    "RunFilter",
    "RunRecord",
    "SchemaUnknown",
    "Script",
    "SecretBox",
    "SecretsError",
    "Unavailable",
    "User",
    "Version",
    "VersionCode",
    "connections",
    "editions",
    "implementations",
    "runs",
    "scripts",
    "sessions",
    "users",
]
