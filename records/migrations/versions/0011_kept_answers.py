"""Vendors' answers kept with runs, for as many days as an implementation says: none unless it is set."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table and the setting."""
    op.add_column("implementations", sa.Column("keep_answers_days", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "kept_answers",
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["implementation_id"],
            ["implementations.id"],
            name=op.f("fk_kept_answers_implementation_id_implementations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_kept_answers_run_id_runs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_kept_answers")),
    )
    op.create_index(
        op.f("ix_kept_answers_implementation_id_started_at"), "kept_answers", ["implementation_id", "started_at"]
    )


def downgrade() -> None:
    """Delete the answers that were kept, and the setting."""
    op.drop_table("kept_answers")
    op.drop_column("implementations", "keep_answers_days")
