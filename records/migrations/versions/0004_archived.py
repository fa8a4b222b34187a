"""Implementations can be archived."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the moment of archiving; nothing that is there is archived."""
    op.add_column("implementations", sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Drop it. What was archived is served again."""
    op.drop_column("implementations", "archived_at")
