"""The edition of an implementation: a digest that changes with everything that can change what its sessions show.

A cached status is valid for one edition. So a changed setting, connection or version takes effect at once, and nothing has
to be cleared.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from .agenda.sessions import AgendaSession
from .columns import Base
from .scripts import versions
from .tenants import connections
from .tenants.implementation_settings import SETTINGS
from .tenants.implementations import Implementation

_CHARS = 16
#: Fields of an implementation about who may log in and do what, which do not change what sessions show.
_OF_PEOPLE = frozenset(each.name for each in SETTINGS if each.of_people)


def edition(db: Session, implementation: Implementation) -> str:
    """Return a digest of the implementation, its connections and the version in service."""
    version = versions.active(db, implementation)
    rows = [implementation, *connections.every(db, implementation)]
    return _digest(version.sha256 if version else "", *(_content(row) for row in rows))


def session_edition(session: AgendaSession) -> str:
    """Return a digest of what the agenda says about a session."""
    return _digest(_content(session))


def _content(row: Base) -> str:
    keys = (column.key for column in inspect(row).mapper.column_attrs if column.key not in _OF_PEOPLE)
    return repr([(key, getattr(row, key)) for key in keys])


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_CHARS]
