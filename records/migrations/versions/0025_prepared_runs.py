"""Runs of `prepare`, which versions have it, when it runs, and for how many people messages are found ahead of time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
_SETTINGS = (("prepare_minutes_before_end", "5"), ("prepare_fresh_seconds", "60"), ("prefetch_people", "200"))


def upgrade() -> None:
    """Add the table and the columns. Of versions that were checked last by an earlier release, it is not known."""
    op.add_column("versions", sa.Column("prepares", sa.Boolean(), nullable=True))
    for name, default in _SETTINGS:
        op.add_column("implementations", sa.Column(name, sa.Integer(), nullable=False, server_default=default))
    op.create_table(
        "prepared_runs",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("session", sa.String(128), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("because", sa.String(16), nullable=False),
        sa.Column("ordered_by", sa.String(255), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.JSON(), nullable=name == "error")
            for name in ("answers", "calls", "log", "error", "usage")
        ),
        sa.ForeignKeyConstraint(
            ["implementation_id"],
            ["implementations.id"],
            name=op.f("fk_prepared_runs_implementation_id_implementations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prepared_runs")),
    )
    op.create_index(
        op.f("ix_prepared_runs_implementation_id_session_started_at"),
        "prepared_runs",
        ["implementation_id", "session", "started_at"],
    )
    op.create_index(
        op.f("ix_prepared_runs_implementation_id_started_at"), "prepared_runs", ["implementation_id", "started_at"]
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("prepared_runs")
    for name, _ in _SETTINGS:
        op.drop_column("implementations", name)
    op.drop_column("versions", "prepares")
