"""Facts that vendors tell beforehand, and the secrets with which vendors sign what they send."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables. There is no secret, so nothing can be pushed."""
    op.create_table(
        "facts",
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("session", sa.String(128), nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("at", TIME, nullable=False),
        sa.Column("arrived_at", TIME, nullable=False),
        sa.Column("source", sa.String(8), nullable=False),
        _owner("facts"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_facts_user_id_users"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "session", name=op.f("pk_facts")),
    )
    columns = ["implementation_id", "session", "arrived_at"]
    op.create_index(op.f("ix_facts_implementation_id_session_arrived_at"), "facts", columns)
    op.create_table(
        "hook_secrets",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=True),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        _owner("hook_secrets"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hook_secrets")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_hook_secrets_implementation_id_id"), "hook_secrets", ["implementation_id", "id"])


def downgrade() -> None:
    """Drop the tables, with every fact and every secret."""
    op.drop_table("hook_secrets")
    op.drop_table("facts")


def _owner(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_implementation_id_implementations")
    return sa.ForeignKeyConstraint(["implementation_id"], ["implementations.id"], name=name, ondelete="CASCADE")
