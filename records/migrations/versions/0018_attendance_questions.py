"""What people decide about attendance, what they dispute, and how long scans and names are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
#: Name, type and default of each setting.
SETTINGS = (
    ("own_attendance", sa.Boolean(), sa.false()),
    ("keep_names_days", sa.Integer(), "0"),
    ("keep_refused_days", sa.Integer(), "0"),
    ("keep_devices_days", sa.Integer(), "0"),
)
_OPEN = sa.text("answered_at IS NULL")


def upgrade() -> None:
    """Add the settings: no one sees a link to their attendance, and everything is kept, until they are set."""
    for name, kind, default in SETTINGS:
        op.add_column("implementations", sa.Column(name, kind, nullable=False, server_default=default))
    _make_decisions()
    _make_disputes()


def downgrade() -> None:
    """Drop them, with every decision and every dispute."""
    op.drop_table("attendance_disputes")
    op.drop_table("attendance_decisions")
    for name, _, _ in SETTINGS:
        op.drop_column("implementations", name)


def _make_decisions() -> None:
    of_question = ["badge_id", "first_session", "second_session", "seen", "kind"]
    op.create_table(
        "attendance_decisions",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("badge_id", sa.String(100), nullable=False),
        sa.Column("first_session", sa.String(128), nullable=False),
        sa.Column("second_session", sa.String(128), nullable=False),
        sa.Column("seen", sa.String(64), nullable=False),
        sa.Column("decided_by", sa.String(255), nullable=False),
        sa.Column("decided_at", TIME, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('conflict', 'order')", name=op.f("ck_attendance_decisions_kind")),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_attendance_decisions_reason")),
        _of("implementations", "attendance_decisions", "implementation_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_decisions")),
        sa.UniqueConstraint(
            "implementation_id",
            *of_question,
            name=op.f(f"uq_attendance_decisions_implementation_id_{'_'.join(of_question)}"),
        ),
    )


def _make_disputes() -> None:
    op.create_table(
        "attendance_disputes",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("user_id", ROW_ID, nullable=False),
        sa.Column("session_id", sa.String(128), nullable=False),
        sa.Column("badge_id", sa.String(100), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column("answered_by", sa.String(255), nullable=False, server_default=""),
        sa.Column("answer", sa.Text(), nullable=False, server_default=""),
        sa.CheckConstraint("length(reason) > 0", name=op.f("ck_attendance_disputes_reason")),
        sa.CheckConstraint("(answered_at IS NULL) = (answer = '')", name=op.f("ck_attendance_disputes_answer")),
        _of("implementations", "attendance_disputes", "implementation_id"),
        _of("users", "attendance_disputes", "user_id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_disputes")),
    )
    open_one = ["user_id", "session_id"]
    name = op.f("uq_attendance_disputes_open")
    op.create_index(name, "attendance_disputes", open_one, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)
    columns = ["implementation_id", "answered_at"]
    op.create_index(op.f("ix_attendance_disputes_implementation_id_answered_at"), "attendance_disputes", columns)


def _of(other: str, table: str, column: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"), ondelete="CASCADE"
    )
