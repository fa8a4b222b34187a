"""Scans that an implementation keeps no longer: the first rows of a ledger can go, once its head says that they do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_REFUSED = "the ledger of scans is only added to"
#: Rows go with their implementation, or if the head of the ledger says that they are removed.
_GONE = "NOT EXISTS (SELECT 1 FROM implementations WHERE id = OLD.implementation_id)"
_REMOVED = (
    "OLD.number <= COALESCE((SELECT removed FROM scan_ledger_heads WHERE implementation_id = OLD.implementation_id), 0)"
)
_OLD_STEP = (
    "NEW.implementation_id <> OLD.implementation_id OR NEW.entries < OLD.entries OR NEW.anchored < OLD.anchored"
    " OR (NEW.entries = OLD.entries AND NEW.hash <> OLD.hash)"
)
#: The last row always stays, because the next one follows it.
_STEP = f"{_OLD_STEP} OR NEW.removed < OLD.removed OR (NEW.removed > 0 AND NEW.removed >= NEW.entries)"


def upgrade() -> None:
    """Add what is removed of a ledger, and the setting: every scan is kept until it is set."""
    op.add_column("implementations", sa.Column("keep_scans_days", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("scan_ledger_heads", sa.Column("removed", sa.BigInteger(), nullable=False, server_default="0"))
    _replace(f"NOT ({_GONE}) AND NOT ({_REMOVED})", _STEP)


def downgrade() -> None:
    """Drop them. A ledger of which rows were removed does not verify any more."""
    _replace(f"NOT ({_GONE})", _OLD_STEP)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text("DROP TRIGGER scan_ledger_stays ON scan_ledger"))
        op.execute(sa.text("DROP FUNCTION scan_ledger_remove()"))
        op.execute(
            sa.text(
                "CREATE TRIGGER scan_ledger_stays BEFORE DELETE ON scan_ledger"
                " FOR EACH ROW EXECUTE FUNCTION scan_ledger_stay()"
            )
        )
    op.drop_column("scan_ledger_heads", "removed")
    op.drop_column("implementations", "keep_scans_days")


def _replace(stays: str, step: str) -> None:
    """Replace the triggers of a deleted row and of a moved head."""
    if op.get_bind().dialect.name == "sqlite":
        for name, event in (
            ("scan_ledger_stays", f"DELETE ON scan_ledger WHEN {stays}"),
            ("scan_ledger_heads_step", f"UPDATE ON scan_ledger_heads WHEN {step}"),
        ):
            op.execute(sa.text(f"DROP TRIGGER {name}"))
            op.execute(sa.text(f"CREATE TRIGGER {name} BEFORE {event} BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"))
        return
    # PostgreSQL's function is shared with the heads, which have no numbers, so the rows of the ledger get one of their own.
    op.execute(sa.text("DROP TRIGGER scan_ledger_stays ON scan_ledger"))
    op.execute(sa.text("DROP TRIGGER scan_ledger_heads_step ON scan_ledger_heads"))
    op.execute(sa.text("DROP FUNCTION IF EXISTS scan_ledger_remove()"))
    op.execute(
        sa.text(
            f"""CREATE FUNCTION scan_ledger_remove() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
              IF {stays} THEN
                RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation';
              END IF;
              RETURN OLD;
            END $$"""
        )
    )
    op.execute(
        sa.text(
            "CREATE TRIGGER scan_ledger_stays BEFORE DELETE ON scan_ledger"
            " FOR EACH ROW EXECUTE FUNCTION scan_ledger_remove()"
        )
    )
    op.execute(
        sa.text(
            f"CREATE TRIGGER scan_ledger_heads_step BEFORE UPDATE ON scan_ledger_heads"
            f" FOR EACH ROW WHEN ({step}) EXECUTE FUNCTION scan_ledger_refuse()"
        )
    )
