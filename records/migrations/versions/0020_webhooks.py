"""Webhooks: the address that an implementation tells of scans and corrections, and its messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables. No webhook is set up, so nothing is told."""
    op.create_table(
        "webhooks",
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("development", sa.Boolean(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("with_names", sa.Boolean(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_old", sa.LargeBinary(), nullable=True),
        sa.Column("old_until", TIME, nullable=True),
        sa.Column("on_since", TIME, nullable=True),
        sa.Column("off_reason", sa.Text(), nullable=False),
        sa.Column("told_until", ROW_ID, nullable=False),
        sa.Column("failing_since", TIME, nullable=True),
        sa.Column("paused_until", TIME, nullable=True),
        sa.CheckConstraint("(sealed_old IS NULL) = (old_until IS NULL)", name=op.f("ck_webhooks_old")),
        _owner("webhooks"),
        sa.PrimaryKeyConstraint("implementation_id", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "webhook_messages",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("message_id", sa.String(40), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("first_number", ROW_ID, nullable=False),
        sa.Column("last_number", ROW_ID, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("tried_until", TIME, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("claimed_until", TIME, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(300), nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        _owner("webhook_messages"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_messages")),
        sa.UniqueConstraint("message_id", name=op.f("uq_webhook_messages_message_id")),
        sqlite_autoincrement=True,
    )
    for columns in (["state", "due_at"], ["implementation_id", "id"]):
        op.create_index(op.f(f"ix_webhook_messages_{'_'.join(columns)}"), "webhook_messages", columns)


def downgrade() -> None:
    """Delete them, with every message."""
    op.drop_table("webhook_messages")
    op.drop_table("webhooks")


def _owner(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_implementation_id_implementations")
    return sa.ForeignKeyConstraint(["implementation_id"], ["implementations.id"], name=name, ondelete="CASCADE")
