"""Codes that pair phones with devices, and the organizer's list of attendees."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
PAIRING = (("code_hash", sa.String(64)), ("code_ends_at", TIME), ("paired_at", TIME))


def upgrade() -> None:
    """Add the columns and the tables. Devices that are there have no code, and work as before."""
    for name, kind in PAIRING:
        op.add_column("scan_devices", sa.Column(name, kind, nullable=True))
    op.create_index(op.f("ix_scan_devices_code_hash"), "scan_devices", ["code_hash"], unique=True)
    _make_roster()
    _make_uploads()


def downgrade() -> None:
    """Drop them, with the whole list of attendees. Phones that were paired keep their tokens."""
    op.drop_table("roster_uploads")
    op.drop_table("roster_people")
    op.drop_index(op.f("ix_scan_devices_code_hash"), "scan_devices")
    for name, _ in reversed(PAIRING):
        op.drop_column("scan_devices", name)


def _make_roster() -> None:
    texts = (
        ("badge_id", 100), ("last_name", 200), ("first_name", 200), ("email", 254), ("registration_type", 100),
    )  # fmt: skip
    op.create_table(
        "roster_people",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        *(sa.Column(name, sa.String(length), nullable=False) for name, length in texts),
        sa.Column("imported_at", TIME, nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.CheckConstraint("length(badge_id) > 0", name=op.f("ck_roster_people_badge_id")),
        _owner("roster_people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_people")),
        sa.UniqueConstraint("implementation_id", "badge_id", name=op.f("uq_roster_people_implementation_id_badge_id")),
    )


def _make_uploads() -> None:
    op.create_table(
        "roster_uploads",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("uploaded_by", sa.String(255), nullable=False),
        sa.Column("uploaded_at", TIME, nullable=False),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        _owner("roster_uploads"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_uploads")),
        sa.UniqueConstraint(
            "implementation_id", "uploaded_by", name=op.f("uq_roster_uploads_implementation_id_uploaded_by")
        ),
    )


def _owner(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_implementation_id_implementations")
    return sa.ForeignKeyConstraint(["implementation_id"], ["implementations.id"], name=name, ondelete="CASCADE")
