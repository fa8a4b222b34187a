"""The records room: what is remembered, and by which rules.

Everything belongs to exactly one implementation. The edge (a view, the job, a command) begins the transaction, the
rules take `db` first and never commit:

    database = Database("sqlite:////data/records.db")
    database.upgrade()
    with database.session() as db:                       # commits at the end, rolls back on an exception
        demo = implementations.create(db, "demo", "Demo Congress", "Europe/Berlin")
    with database.reading() as db:                       # takes no write lock; for the hot path
        version = scripts.active(db, demo)

Rules stand in a module for each thing: `implementations`, `connections`, `users`, `sessions`, `agenda` (importing them), `scripts`, `runs`,
`run_names`, `lookup`, `display_changes`, `references`, `crashes`, `suspensions`;
who is asking: `saml`, `external`, `grants`, `administrators`, `audit`, `actors`; the whole of it: `archiving`, `environment_mark`,
`inspection`, `stand_ins`.
What they refuse is one exception, `RuleViolation`, which names each field and the reason. Importing has no effect.
"""

from __future__ import annotations

from sqlalchemy.orm import Session as DbSession

from . import (
    actors,
    administrators,
    archiving,
    audit,
    connections,
    crashes,
    display_changes,
    editions,
    environment_mark,
    grant_reach,
    grants,
    implementations,
    inspection,
    lookup,
    references,
    resealing,
    run_names,
    runs,
    schema,
    scripts,
    sessions,
    stand_ins,
    suspensions,
    users,
)
from . import external_logins as external
from . import saml_providers as saml
from .agenda import imports as agenda
from .agenda.faults import FaultGroup, FileFault
from .agenda.imports import AgendaImport, AgendaUpload, ImportPlan
from .audit import AuditEntry, ChainHead, ChainVerification
from .auth_kinds import AUTH_KINDS
from .columns import Base
from .connections import METHODS, Connection, ConnectionDraft, OpenedConnection
from .database import Database
from .errors import (
    BadSecretKey,
    Conflict,
    DatabaseUnavailable,
    DatabaseUnresponsive,
    FieldFault,
    OtherProvider,
    RecordsError,
    RuleViolation,
    SchemaUnknown,
    SecretNotOpened,
    SecretsError,
    WrongEnvironment,
)
from .external_logins import ExternalAuth, ExternalAuthDraft, OpenedExternalAuth
from .grants import ROLES, Grant
from .implementations import Implementation
from .runs import Run, RunFilter, RunRecord
from .saml_providers import OpenedSaml, SamlCertificate, SamlDraft, SamlProvider, SpKeys
from .scripts import Activation, Script, Version, VersionCode
from .secretbox import SecretBox
from .sessions import AgendaSession
from .users import User, UserProfile

__all__ = [
    "AUTH_KINDS",
    "METHODS",
    "ROLES",
    "Activation",
    "AgendaImport",
    "AgendaSession",
    "AgendaUpload",
    "AuditEntry",
    "BadSecretKey",
    "Base",
    "ChainHead",
    "ChainVerification",
    "Conflict",
    "Connection",
    "ConnectionDraft",
    "Database",
    "DatabaseUnavailable",
    "DatabaseUnresponsive",
    "DbSession",
    "ExternalAuth",
    "ExternalAuthDraft",
    "FaultGroup",
    "FieldFault",
    "FileFault",
    "Grant",
    "Implementation",
    "ImportPlan",
    "OpenedConnection",
    "OpenedExternalAuth",
    "OpenedSaml",
    "OtherProvider",
    "RecordsError",
    "RuleViolation",
    "Run",
    "RunFilter",
    "RunRecord",
    "SamlCertificate",
    "SamlDraft",
    "SamlProvider",
    "SchemaUnknown",
    "Script",
    "SecretBox",
    "SecretNotOpened",
    "SecretsError",
    "SpKeys",
    "User",
    "UserProfile",
    "Version",
    "VersionCode",
    "WrongEnvironment",
    "actors",
    "administrators",
    "agenda",
    "archiving",
    "audit",
    "connections",
    "crashes",
    "display_changes",
    "editions",
    "environment_mark",
    "external",
    "grant_reach",
    "grants",
    "implementations",
    "inspection",
    "lookup",
    "references",
    "resealing",
    "run_names",
    "runs",
    "saml",
    "schema",
    "scripts",
    "sessions",
    "stand_ins",
    "suspensions",
    "users",
]
