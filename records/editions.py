"""The edition of an implementation: a digest that changes with everything that can change what its sessions show.

A cached status is valid for one edition. So a changed setting, connection or version takes effect at once, and nothing has
to be cleared. An edition never comes back: after a roll back, a revert, or a stop and its end, nothing that was found
before is shown, because users may have acted on it meanwhile.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from .agenda.sessions import AgendaSession
from .columns import Base
from .scripts.deployments import Deployment
from .scripts.states import ACTIVE
from .scripts.versions import Version
from .tenants import connections
from .tenants.implementation_settings import SETTINGS
from .tenants.implementations import Implementation

_CHARS = 16
#: Fields of an implementation about who may log in and do what, which do not change what sessions show.
_OF_PEOPLE = frozenset(each.name for each in SETTINGS if each.of_people)


def edition(db: Session, implementation: Implementation, version: Version | None) -> str:
    """Return a digest of what decides what a user sees; `version` is the one that they see, None if they see none.

    1. The implementation, with the moments of the last stop and of its end, and its connections.
    2. The version, and the deployment by which it is seen.
    3. The active deployment, also for users of a staged version: if that fails, they see what the active one finds.
    4. How many deployments have ended.
    """
    rows = [implementation, *connections.every(db, implementation)]  # 1
    mine = select(Deployment).where(Deployment.implementation_id == implementation.id)
    live = db.scalars(mine.where(Deployment.ended_at.is_(None))).all()
    seen = [each.id for each in live if version is not None and each.version_id == version.id]  # 2
    active = [each.id for each in live if each.state == ACTIVE]  # 3
    ended = select(func.count(Deployment.ended_at)).where(Deployment.implementation_id == implementation.id)  # 4
    deployed = repr((seen, active, db.scalar(ended)))
    return _digest(version.sha256 if version else "", deployed, *(_content(row) for row in rows))


def session_edition(session: AgendaSession) -> str:
    """Return a digest of what the agenda says about a session."""
    return _digest(_content(session))


def _content(row: Base) -> str:
    keys = (column.key for column in inspect(row).mapper.column_attrs if column.key not in _OF_PEOPLE)
    return repr([(key, getattr(row, key)) for key in keys])


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_CHARS]
