"""Runs have a reference and are found by it and by session; versions know which settings their text reads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

REFERENCE = "UPDATE runs SET reference = substr(id, 18, 8)"
INDEXES = {
    "ix_runs_reference": ["reference"],
    "ix_runs_implementation_id_session_started_at": ["implementation_id", "session", "started_at"],
}


def upgrade() -> None:
    """Add the columns, and fill in the references of the runs that are there."""
    op.add_column("runs", sa.Column("reference", sa.String(8), nullable=False, server_default=""))
    op.execute(REFERENCE)
    for name, columns in INDEXES.items():
        op.create_index(name, "runs", columns)
    op.add_column("versions", sa.Column("settings_read", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Drop them. The references stay in the ids."""
    op.drop_column("versions", "settings_read")
    for name in INDEXES:
        op.drop_index(name, "runs")
    op.drop_column("runs", "reference")
