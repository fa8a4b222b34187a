"""What the database was made for: development or production."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import context, op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table and its one row. `records.storage.schema` says which environment; by itself it is production."""
    mark = op.create_table(
        "environment_mark",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("environment", sa.String(16), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_environment_mark")),
        sa.CheckConstraint("id = 1", name=op.f("ck_environment_mark_one")),
        sa.CheckConstraint(
            "environment IN ('development', 'production')", name=op.f("ck_environment_mark_environment")
        ),
    )
    environment = context.config.attributes.get("environment", "production")
    op.bulk_insert(mark, [{"id": 1, "environment": environment, "marked_at": datetime.now(UTC)}])


def downgrade() -> None:
    """Drop it. What the database was made for has to be decided again by the next upgrade."""
    op.drop_table("environment_mark")
