"""Runs say why they were started, how long they waited for a worker, and when the user came back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns. Of the runs that are there, none of it is known."""
    op.add_column("runs", sa.Column("because", sa.String(16), nullable=False, server_default=""))
    op.add_column("runs", sa.Column("waited_ms", sa.Integer(), nullable=True))
    op.add_column("runs", sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Drop them."""
    for name in ("returned_at", "waited_ms", "because"):
        op.drop_column("runs", name)
