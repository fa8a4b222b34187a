"""Badge IDs of users are kept in one form: composed, without invisible characters and white space around them."""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BATCH = 1000
LONGEST = 100
#: What a search looks through, in its order.
SEARCHED = ("username", "first_name", "last_name", "badge_id", "subject")


def upgrade() -> None:
    """Normalise the badge IDs that are there, and let the search find them. One that would be too long stays as it is."""
    users = sa.table("users", sa.column("id"), sa.column("search_text"), *map(sa.column, SEARCHED))
    change = users.update().where(users.c.id == sa.bindparam("row"))
    change = change.values(badge_id=sa.bindparam("kept"), search_text=sa.bindparam("found"))
    wanted = sa.select(users.c.id, *(users.c[name] for name in SEARCHED)).where(users.c.badge_id != "")
    bind, reached = op.get_bind(), 0
    while rows := bind.execute(wanted.where(users.c.id > reached).order_by(users.c.id).limit(BATCH)).all():
        texts = []
        for row in rows:
            kept = normalised(row.badge_id)
            if kept != row.badge_id and len(kept) <= LONGEST:
                searched = (kept if name == "badge_id" else getattr(row, name) for name in SEARCHED)
                found = "\n".join(folded(text) for text in searched)
                texts.append({"row": row.id, "kept": kept, "found": found})
        if texts:
            bind.execute(change, texts)
        reached = rows[-1].id


def downgrade() -> None:
    """Change nothing: what was removed is not kept, and the release before reads the new form as well."""


def normalised(text: str) -> str:
    """The rule as it was with this revision."""
    composed = unicodedata.normalize("NFC", text)
    seen = (each for each in composed if each.isspace() or unicodedata.category(each) not in ("Cf", "Cc"))
    return unicodedata.normalize("NFC", "".join(seen).strip())


def folded(text: str) -> str:
    """The form that the search compared with this revision."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())
