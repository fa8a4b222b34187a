"""What a version calls and links to, so that what its implementation lacks can be said before it is shown to users."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column. It stays empty for stored versions until they are checked again."""
    op.add_column("versions", sa.Column("reaches", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Drop it; the next check finds it again."""
    op.drop_column("versions", "reaches")
