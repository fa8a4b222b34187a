"""Sessions can be retired; an uploaded agenda waits for its import, and the last import can be undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the moment of retiring, and two tables. Nothing that is there is retired, and no import of before can be undone."""
    op.add_column("sessions", sa.Column("retired_at", TIME, nullable=True))
    op.create_table(
        "agenda_uploads",
        *_first_columns("agenda_uploads"),
        sa.Column("uploaded_by", sa.String(255), nullable=False),
        sa.Column("uploaded_at", TIME, nullable=False),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_uploads")),
        sa.UniqueConstraint(
            "implementation_id", "uploaded_by", name=op.f("uq_agenda_uploads_implementation_id_uploaded_by")
        ),
    )
    op.create_table(
        "agenda_imports",
        *_first_columns("agenda_imports"),
        sa.Column("imported_by", sa.String(255), nullable=False),
        sa.Column("imported_at", TIME, nullable=False),
        sa.Column("file_name", sa.String(255), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agenda_imports")),
        sa.UniqueConstraint("implementation_id", name=op.f("uq_agenda_imports_implementation_id")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Drop them. What was retired is served again."""
    op.drop_table("agenda_imports")
    op.drop_table("agenda_uploads")
    op.drop_column("sessions", "retired_at")


def _first_columns(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["implementation_id"],
            ["implementations.id"],
            name=op.f(f"fk_{table}_implementation_id"),
            ondelete="CASCADE",
        ),
    ]
