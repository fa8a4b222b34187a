"""Badge formats, with the examples from which they are made and the images from which those come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "badge_setups",
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("active", sa.JSON(), nullable=True),
        sa.Column("activated_at", TIME, nullable=True),
        sa.Column("draft", sa.JSON(), nullable=True),
        _owner("badge_setups"),
        sa.PrimaryKeyConstraint("implementation_id", name=op.f("pk_badge_setups")),
    )
    op.create_table(
        "badge_examples",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("added_by", sa.String(255), nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("symbology", sa.String(20), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed", sa.String(64), nullable=False),
        _owner("badge_examples"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badge_examples")),
        sa.UniqueConstraint("implementation_id", "sha256", name=op.f("uq_badge_examples_implementation_id_sha256")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "badge_images",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("uploaded_by", sa.String(255), nullable=False),
        sa.Column("uploaded_at", TIME, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        _owner("badge_images"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_badge_images")),
        sa.UniqueConstraint(
            "implementation_id", "uploaded_by", name=op.f("uq_badge_images_implementation_id_uploaded_by")
        ),
    )


def _owner(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_implementation_id_implementations")
    return sa.ForeignKeyConstraint(["implementation_id"], ["implementations.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    """Delete the formats."""
    for table in ("badge_images", "badge_examples", "badge_setups"):
        op.drop_table(table)
