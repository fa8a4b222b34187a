"""Rehearsals and their examples, the rows of a replay, scenarios of drafts, and why a submission was approved untried."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables and the column."""
    op.add_column("reviews", sa.Column("untried_reason", sa.Text(), nullable=False, server_default=""))
    op.add_column("drafts", sa.Column("scenarios", sa.JSON(), nullable=False, server_default="[]"))
    _rehearsals()
    _examples()
    _replayed_runs()


def _rehearsals() -> None:
    op.create_table(
        "rehearsals",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("version_id", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("ordered_by", sa.String(255), nullable=False),
        sa.Column("ended_at", TIME, nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_rehearsals_number")),
        _owner("rehearsals"),
        sa.ForeignKeyConstraint(
            ["version_id", "implementation_id"],
            ["versions.id", "versions.implementation_id"],
            name=op.f("fk_rehearsals_version_id_implementation_id_versions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsals")),
        sa.UniqueConstraint("implementation_id", "number", name=op.f("uq_rehearsals_implementation_id_number")),
        sa.UniqueConstraint("id", "implementation_id", name=op.f("uq_rehearsals_id_implementation_id")),
    )
    op.create_index(op.f("ix_rehearsals_version_id"), "rehearsals", ["version_id"])


def _examples() -> None:
    op.create_table(
        "rehearsal_examples",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("rehearsal_id", ROW_ID, nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("row", sa.String(32), nullable=False),
        sa.Column("session", sa.String(128), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _owner("rehearsal_examples"),
        sa.ForeignKeyConstraint(
            ["rehearsal_id", "implementation_id"],
            ["rehearsals.id", "rehearsals.implementation_id"],
            name=op.f("fk_rehearsal_examples_rehearsal_id_implementation_id_rehearsals"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_rehearsal_examples_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rehearsal_examples")),
    )
    for column in ("rehearsal_id", "user_id"):
        op.create_index(op.f(f"ix_rehearsal_examples_{column}"), "rehearsal_examples", [column])


def _replayed_runs() -> None:
    op.create_table(
        "replayed_runs",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("submission_id", ROW_ID, nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.Column("why", sa.String(200), nullable=False),
        _owner("replayed_runs"),
        sa.ForeignKeyConstraint(
            ["submission_id", "implementation_id"],
            ["submissions.id", "submissions.implementation_id"],
            name=op.f("fk_replayed_runs_submission_id_implementation_id_submissions"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_replayed_runs_run_id_runs"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replayed_runs")),
    )
    op.create_index(op.f("ix_replayed_runs_submission_id_place"), "replayed_runs", ["submission_id", "place"])
    op.create_index(op.f("ix_replayed_runs_run_id"), "replayed_runs", ["run_id"])


def _owner(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["implementation_id"],
        ["implementations.id"],
        name=op.f(f"fk_{table}_implementation_id_implementations"),
        ondelete="CASCADE",
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("replayed_runs", "rehearsal_examples", "rehearsals"):
        op.drop_table(table)
    op.drop_column("drafts", "scenarios")
    op.drop_column("reviews", "untried_reason")
