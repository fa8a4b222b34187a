"""The records: what is stored, and by which rules.

Everything belongs to exactly one implementation. The edge (a view, the job, a command) begins the transaction; rules take
`db` as their first argument and never commit:

    database = Database("sqlite:////data/records.db")
    database.upgrade()
    with database.session() as db:                       # commits at the end, rolls back on an exception
        demo = implementations.create(db, "demo", "Demo Congress", "Europe/Berlin")
    with database.reading() as db:                       # takes no write lock, for the hot path
        version = deployments.active_version(db, demo)

The folders, the lowest first:

    storage/      the database, its schema, and the environment that it was made for
    tenants/      implementations, their connections and the addresses of their apps
    people/       users, grants, administrators, and the names behind keys
    identity/     how people log in: SAML and External Authentication
    maintenance/  resealing, and what production must not contain
    agenda/       sessions, and importing them
    scripts/      versions, submissions, reviews, deployments, author tokens, runs
    trials/       the vendors' answers that are kept with runs
    attendance/   badge formats; scans, the ledger that keeps them, minutes, reports
    webhooks/     other systems that are told of scans
    facts/        what vendors tell beforehand about people
    support/      look-ups for support
    notices/      what people are told, on a page and by mail
    changes/      every change that a person can make, with its audit entry and what follows it
    migrations/   the history of the tables

The names below are loaded when they are used, with every table. What needs no table (`message_text`, `fields`, `roles` …)
is imported from its module, and loads no SQLAlchemy.

A rule refuses values with one exception, `RuleViolation`, which names each field and the reason. Importing has no effect.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Connection as DbConnection
    from sqlalchemy.orm import Session as DbSession

    from .agenda.agenda_imports import AgendaUpload, ImportPlan
    from .agenda.sessions import AgendaSession
    from .audit import AuditEntry, ChainHead, ChainVerification
    from .columns import Base
    from .errors import (
        BadSecretKey,
        Conflict,
        DatabaseUnavailable,
        DatabaseUnresponsive,
        FieldFault,
        OtherProvider,
        Overtaken,
        RecordsError,
        RuleViolation,
        SchemaUnknown,
        SecretNotOpened,
        SecretsError,
        WrongEnvironment,
    )
    from .identity.external_auth import ExternalAuth, ExternalAuthDraft, OpenedExternalAuth
    from .identity.saml_providers import OpenedSaml, SamlCertificate, SamlDraft, SamlProvider, SpKeys
    from .people.grants import Grant
    from .people.users import User, UserProfile
    from .scripts.runs import Run, RunFilter, RunRecord
    from .scripts.versions import Script, Version
    from .secretbox import SecretBox
    from .storage.database import Database
    from .tables import ALL_TABLES
    from .tenants.connections import METHODS, Connection, ConnectionDraft, OpenedConnection
    from .tenants.credential_kinds import AUTH_KINDS
    from .tenants.implementations import Implementation

__all__ = [
    "ALL_TABLES",
    "AUTH_KINDS",
    "METHODS",
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
    "DbConnection",
    "DbSession",
    "ExternalAuth",
    "ExternalAuthDraft",
    "FieldFault",
    "Grant",
    "Implementation",
    "ImportPlan",
    "OpenedConnection",
    "OpenedExternalAuth",
    "OpenedSaml",
    "OtherProvider",
    "Overtaken",
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
    "WrongEnvironment",
]
#: Where each name is, besides the session of SQLAlchemy.
_HOMES = {
    "AgendaUpload": ".agenda.agenda_imports",
    "ImportPlan": ".agenda.agenda_imports",
    "AgendaSession": ".agenda.sessions",
    "AuditEntry": ".audit",
    "ChainHead": ".audit",
    "ChainVerification": ".audit",
    "Base": ".columns",
    "BadSecretKey": ".errors",
    "Conflict": ".errors",
    "DatabaseUnavailable": ".errors",
    "DatabaseUnresponsive": ".errors",
    "FieldFault": ".errors",
    "OtherProvider": ".errors",
    "Overtaken": ".errors",
    "RecordsError": ".errors",
    "RuleViolation": ".errors",
    "SchemaUnknown": ".errors",
    "SecretNotOpened": ".errors",
    "SecretsError": ".errors",
    "WrongEnvironment": ".errors",
    "ExternalAuth": ".identity.external_auth",
    "ExternalAuthDraft": ".identity.external_auth",
    "OpenedExternalAuth": ".identity.external_auth",
    "OpenedSaml": ".identity.saml_providers",
    "SamlCertificate": ".identity.saml_providers",
    "SamlDraft": ".identity.saml_providers",
    "SamlProvider": ".identity.saml_providers",
    "SpKeys": ".identity.saml_providers",
    "Grant": ".people.grants",
    "User": ".people.users",
    "UserProfile": ".people.users",
    "Run": ".scripts.runs",
    "RunFilter": ".scripts.runs",
    "RunRecord": ".scripts.runs",
    "Script": ".scripts.versions",
    "Version": ".scripts.versions",
    "SecretBox": ".secretbox",
    "Database": ".storage.database",
    "ALL_TABLES": ".tables",
    "Connection": ".tenants.connections",
    "ConnectionDraft": ".tenants.connections",
    "METHODS": ".tenants.connections",
    "OpenedConnection": ".tenants.connections",
    "AUTH_KINDS": ".tenants.credential_kinds",
    "Implementation": ".tenants.implementations",
}


def __getattr__(name: str) -> Any:
    """Load every table, then the name. Raises AttributeError for one that is not here, as any module does."""
    if name == "DbSession":
        return import_module("sqlalchemy.orm").Session
    if name == "DbConnection":
        return import_module("sqlalchemy").Connection
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import_module(f"{__name__}.tables")
    return getattr(import_module(_HOMES[name], __name__), name)
