"""Settings of scanning and attendance."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

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
    ("badge_case_matters", sa.Boolean(), sa.true()),
)


def upgrade() -> None:
    """Add the settings: no button for scanning is shown until its text is set."""
    for name, kind, default in SETTINGS:
        op.add_column("implementations", sa.Column(name, kind, nullable=False, server_default=default))


def downgrade() -> None:
    """Drop them."""
    for name, _, _ in SETTINGS:
        op.drop_column("implementations", name)
