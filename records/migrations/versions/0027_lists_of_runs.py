"""Indexes by which each list of runs reads its newest rows only, and one of badges that no search by subject takes for its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0025"
branch_labels = None
depends_on = None

_OLD = "ix_runs_implementation_id_user_session_started_at"
_FAILED = "outcome <> 'returned'"


def upgrade() -> None:
    """Replace them. PostgreSQL builds those of runs beside writes: see `records.storage.large_indexes`."""
    op.drop_index(op.f("ix_users_implementation_id_badge_id"), "users")
    op.create_index(op.f("ix_users_badge_id_implementation_id"), "users", ["badge_id", "implementation_id"])
    if op.get_bind().dialect.name == "sqlite":
        op.create_index("ix_runs_of_user", "runs", ["implementation_id", "user", "started_at"])
        columns = ["implementation_id", "started_at", "id", "outcome"]
        op.create_index("ix_runs_failed", "runs", columns, sqlite_where=sa.text(_FAILED))
        op.drop_index(_OLD, "runs")


def downgrade() -> None:
    """Go back to the earlier ones."""
    columns = ["implementation_id", "user", "session", "started_at"]
    op.create_index(_OLD, "runs", columns, if_not_exists=True)
    op.drop_index("ix_runs_failed", "runs", if_exists=True)
    op.drop_index("ix_runs_of_user", "runs", if_exists=True)
    op.drop_index(op.f("ix_users_badge_id_implementation_id"), "users")
    op.create_index(op.f("ix_users_implementation_id_badge_id"), "users", ["implementation_id", "badge_id"])
