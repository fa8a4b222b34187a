"""Who activated a staged version, since when it has its share, who watches it; the end of a stop; reviews are never deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)
#: What makes the database itself keep reviews. They go with their implementation only.
TRIGGERS = {
    "sqlite": [
        """CREATE TRIGGER reviews_not_deleted BEFORE DELETE ON reviews
        WHEN EXISTS (SELECT 1 FROM implementations WHERE id = OLD.implementation_id)
        BEGIN SELECT RAISE(ABORT, 'reviews are only added, never deleted'); END""",
        # REPLACE deletes without asking the trigger above.
        """CREATE TRIGGER reviews_not_replaced BEFORE INSERT ON reviews
        WHEN EXISTS (SELECT 1 FROM reviews WHERE id = NEW.id OR submission_id = NEW.submission_id)
        BEGIN SELECT RAISE(ABORT, 'reviews are only added, never deleted'); END""",
    ],
    "postgresql": [
        """CREATE FUNCTION reviews_refuse_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF EXISTS (SELECT 1 FROM implementations WHERE id = OLD.implementation_id) THEN
            RAISE EXCEPTION 'reviews are only added, never deleted' USING ERRCODE = 'integrity_constraint_violation';
          END IF;
          RETURN OLD;
        END $$""",
        """CREATE FUNCTION reviews_refuse_emptying() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'reviews are only added, never deleted' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        """CREATE TRIGGER reviews_not_deleted BEFORE DELETE ON reviews
        FOR EACH ROW EXECUTE FUNCTION reviews_refuse_deletion()""",
        """CREATE TRIGGER reviews_not_emptied BEFORE TRUNCATE ON reviews
        FOR EACH STATEMENT EXECUTE FUNCTION reviews_refuse_emptying()""",
    ],
}
UNDONE = {
    "sqlite": ["DROP TRIGGER reviews_not_replaced", "DROP TRIGGER reviews_not_deleted"],
    "postgresql": [
        "DROP TRIGGER reviews_not_emptied ON reviews",
        "DROP TRIGGER reviews_not_deleted ON reviews",
        "DROP FUNCTION reviews_refuse_emptying()",
        "DROP FUNCTION reviews_refuse_deletion()",
    ],
}
WATCHED = ("implementation_id", "version", "started_at", "user", "outcome", "because")
COLUMNS = ("activated_by", "activation_reason", "widened_at", "looked_users", "next_look_at")


def upgrade() -> None:
    """Add all of it. A version that was active from its first moment was activated by the person who started it."""
    op.add_column("implementations", sa.Column("continued_at", TIME, nullable=True))
    op.add_column("deployments", sa.Column("activated_by", sa.String(255), nullable=False, server_default=""))
    op.add_column("deployments", sa.Column("activation_reason", sa.Text(), nullable=False, server_default=""))
    op.add_column("deployments", sa.Column("widened_at", TIME, nullable=True))
    op.add_column("deployments", sa.Column("looked_users", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("deployments", sa.Column("next_look_at", TIME, nullable=True))
    op.execute(
        sa.text(
            "UPDATE deployments SET activated_by = started_by, activation_reason = reason WHERE active_since = started_at"
        )
    )
    op.create_index(op.f("ix_deployments_version_id"), "deployments", ["version_id"])
    op.create_index(op.f("ix_submissions_version_id"), "submissions", ["version_id"])
    if op.get_bind().dialect.name == "sqlite":  # PostgreSQL: see records.storage.large_indexes
        op.create_index(op.f("ix_runs_watched"), "runs", list(WATCHED))
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Drop it."""
    for statement in UNDONE[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))
    op.drop_index(op.f("ix_runs_watched"), "runs", if_exists=True)
    op.drop_index(op.f("ix_submissions_version_id"), "submissions")
    op.drop_index(op.f("ix_deployments_version_id"), "deployments")
    for column in COLUMNS:
        op.drop_column("deployments", column)
    op.drop_column("implementations", "continued_at")
