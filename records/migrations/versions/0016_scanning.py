"""Settings of scanning and attendance, devices that scan, and scans that were refused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
#: Name, type and default of each setting.
SETTINGS = (
    ("scan_text", sa.String(120), ""),
    ("scan_sessions", sa.JSON(), "[]"),
    ("scan_opens_minutes", sa.Integer(), "60"),
    ("scan_closes_minutes", sa.Integer(), "60"),
    ("scan_mode", sa.String(16), "in only"),
    ("scan_mode_exceptions", sa.JSON(), "[]"),
    ("repeat_seconds", sa.Integer(), "120"),
    ("early_minutes", sa.Integer(), "0"),
    ("late_minutes", sa.Integer(), "0"),
    ("minutes_needed", sa.Integer(), "0"),
    ("percent_needed", sa.Integer(), "0"),
)


def upgrade() -> None:
    """Add the settings: no button for scanning is shown until its text is set."""
    for name, kind, default in SETTINGS:
        op.add_column("implementations", sa.Column(name, kind, nullable=False, server_default=default))
    _make_devices()
    _make_refused_scans()


def downgrade() -> None:
    """Drop them, with every device and every refused scan."""
    op.drop_table("refused_scans")
    op.drop_table("scan_devices")
    for name, _, _ in SETTINGS:
        op.drop_column("implementations", name)


def _make_devices() -> None:
    op.create_table(
        "scan_devices",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("sessions", sa.JSON(), nullable=False),
        sa.Column("begins_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("made_by", sa.String(255), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("revoked_by", sa.String(255), nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.CheckConstraint("length(token_hash) = 64", name=op.f("ck_scan_devices_token_hash")),
        sa.CheckConstraint("ends_at > begins_at", name=op.f("ck_scan_devices_window")),
        sa.CheckConstraint("(revoked_at IS NULL) = (revoked_by = '')", name=op.f("ck_scan_devices_revoked")),
        _of_implementation("scan_devices"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scan_devices")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_scan_devices_token_hash")),
        sa.UniqueConstraint("implementation_id", "name", name=op.f("uq_scan_devices_implementation_id_name")),
    )


def _make_refused_scans() -> None:
    texts = (
        ("digest", 64), ("reason", 32), ("id", 64), ("session", 128), ("badge_id", 100), ("last_name", 200),
        ("first_name", 200), ("scanned_at", 64), ("direction", 8), ("entry", 16), ("actor", 255), ("device", 64),
    )  # fmt: skip
    op.create_table(
        "refused_scans",
        sa.Column("number", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        *(sa.Column(name, sa.String(length), nullable=False) for name, length in texts),
        sa.Column("received_at", TIME, nullable=False),
        _of_implementation("refused_scans"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_refused_scans")),
        sa.UniqueConstraint("implementation_id", "digest", name=op.f("uq_refused_scans_implementation_id_digest")),
    )
    columns = ["implementation_id", "badge_id"]
    op.create_index(op.f("ix_refused_scans_implementation_id_badge_id"), "refused_scans", columns)


def _of_implementation(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["implementation_id"],
        ["implementations.id"],
        name=op.f(f"fk_{table}_implementation_id_implementations"),
        ondelete="CASCADE",
    )
