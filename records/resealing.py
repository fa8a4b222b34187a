"""Changing the key of secrets: everything sealed, wherever it is kept, is sealed anew in one go.

One place, because a kind of secret that is forgotten here is lost when the old key is thrown away.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from . import connections, external_logins, sp_keys
from .secretbox import SecretBox


def reseal_all(db: Session, box: SecretBox) -> int:
    """Seal every secret anew with the newest key of the box. Returns how many. Raises NotOpened, and then does nothing."""
    return sum(each(db, box) for each in (connections.reseal_all, external_logins.reseal_all, sp_keys.reseal_all))
