"""What is frozen with reports of attendance: the agenda and the rules of their time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "report_bases",
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["implementation_id"],
            ["implementations.id"],
            name=op.f("fk_report_bases_implementation_id_implementations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("implementation_id", "sha256", name=op.f("pk_report_bases")),
    )


def downgrade() -> None:
    """Delete what was frozen: reports with columns of minutes cannot be verified any more."""
    op.drop_table("report_bases")
