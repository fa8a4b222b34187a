"""Notices, mails, and what people want by mail. Of what happened before, nobody is told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def _of_user(table: str) -> tuple[sa.ForeignKeyConstraint, sa.ForeignKeyConstraint]:
    """Return the constraints by which a row goes with its person and its implementation."""
    user, owner = op.f(f"fk_{table}_user_id_users"), op.f(f"fk_{table}_implementation_id_implementations")
    return (
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=user, ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["implementation_id"], ["implementations.id"], name=owner, ondelete="CASCADE"),
    )


def upgrade() -> None:
    """Make the tables, and begin with the entry that is written next."""
    op.create_table(
        "notice_cursor",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("entries", ROW_ID, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_notice_cursor_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_cursor")),
    )
    op.execute("INSERT INTO notice_cursor (id, entries) SELECT 1, entries FROM audit_head")
    op.create_table(
        "mails",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("message_id", sa.String(64), nullable=False),
        sa.Column("daily", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_until", TIME, nullable=True),
        sa.Column("maybe_sent", sa.Boolean(), nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("error", sa.String(300), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'sending', 'sent', 'failed', 'dropped')", name=op.f("ck_mails_state")),
        sa.CheckConstraint("(state = 'sending') = (claimed_until IS NOT NULL)", name=op.f("ck_mails_claimed_until")),
        *_of_user("mails"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mails")),
    )
    op.create_index(op.f("ix_mails_state_due_at"), "mails", ["state", "due_at"])
    op.create_index(op.f("ix_mails_user_id_made_at"), "mails", ["user_id", "made_at"])
    op.create_index(op.f("ix_mails_implementation_id"), "mails", ["implementation_id"])
    op.create_table(
        "notices",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("about", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("audience", sa.String(16), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("read_at", TIME, nullable=True),
        sa.Column("mail_id", ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(["mail_id"], ["mails.id"], name=op.f("fk_notices_mail_id_mails"), ondelete="SET NULL"),
        *_of_user("notices"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("user_id", "about", name=op.f("uq_notices_user_id_about")),
    )
    for columns in (["user_id", "id"], ["user_id", "read_at"], ["mail_id"], ["at"]):
        op.create_index(op.f(f"ix_notices_{'_'.join(columns)}"), "notices", columns)
    op.create_table(
        "mail_choices",
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("group_name", sa.String(16), nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("timing", sa.String(8), nullable=False),
        sa.CheckConstraint("timing IN ('once', 'daily', 'none')", name=op.f("ck_mail_choices_timing")),
        *_of_user("mail_choices"),
        sa.PrimaryKeyConstraint("user_id", "group_name", name=op.f("pk_mail_choices")),
    )


def downgrade() -> None:
    """Delete all notices, mails and choices."""
    for table in ("mail_choices", "notices", "mails", "notice_cursor"):
        op.drop_table(table)
