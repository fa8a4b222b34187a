"""The ledger of scans with its names and its end: the database itself refuses to change or delete a row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
_SCANS = sa.text("kind IN ('scan', 'added')")
_VOIDS = sa.text("kind = 'void'")
#: The row with the same id; with the condition of a partial index behind it, it is looked up there.
_OTHER = "SELECT 1 FROM scan_ledger WHERE implementation_id = NEW.implementation_id AND scan_id = NEW.scan_id"
_REFUSED = "the ledger of scans is only added to"
#: Rows go with their implementation only. Names can be deleted, which is how they are erased.
_GONE = "NOT EXISTS (SELECT 1 FROM implementations WHERE id = OLD.implementation_id)"
#: Columns of a head that a step does not change, and how it goes on.
_STEP = (
    "NEW.implementation_id <> OLD.implementation_id OR NEW.entries < OLD.entries OR NEW.anchored < OLD.anchored"
    " OR (NEW.entries = OLD.entries AND NEW.hash <> OLD.hash)"
)
#: PostgreSQL keeps the plan that it made for an empty table, so the function is told to use the index (`enable_seqscan`).
_FOLLOWS = (
    "NEW.number = 1 OR EXISTS (SELECT 1 FROM scan_ledger"
    " WHERE implementation_id = NEW.implementation_id AND number = NEW.number - 1)"
)
_NEXT = "1 + COALESCE((SELECT max(number) FROM scan_ledger WHERE implementation_id = NEW.implementation_id), 0)"

TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER {name} BEFORE {event} BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
        for name, event in (
            ("scan_ledger_kept", "UPDATE ON scan_ledger"),
            ("scan_ledger_stays", f"DELETE ON scan_ledger WHEN NOT ({_GONE})"),
            ("scan_ledger_follows", f"INSERT ON scan_ledger WHEN NEW.number <> {_NEXT}"),
            # REPLACE deletes without asking the trigger of a deletion.
            (
                "scan_ledger_alone",
                f"INSERT ON scan_ledger WHEN NEW.kind IN ('scan', 'added') AND EXISTS ({_OTHER} AND {_SCANS})",
            ),
            (
                "scan_ledger_voids_alone",
                f"INSERT ON scan_ledger WHEN NEW.kind = 'void' AND EXISTS ({_OTHER} AND {_VOIDS})",
            ),
            ("scan_names_kept", "UPDATE ON scan_names"),
            (
                "scan_names_alone",
                (
                    "INSERT ON scan_names WHEN EXISTS (SELECT 1 FROM scan_names AS other"
                    " WHERE other.implementation_id = NEW.implementation_id AND other.number = NEW.number)"
                ),
            ),
            ("scan_ledger_heads_step", f"UPDATE ON scan_ledger_heads WHEN {_STEP}"),
            ("scan_ledger_heads_stay", f"DELETE ON scan_ledger_heads WHEN NOT ({_GONE})"),
            (
                "scan_ledger_heads_alone",
                (
                    "INSERT ON scan_ledger_heads WHEN EXISTS (SELECT 1 FROM scan_ledger_heads AS other"
                    " WHERE other.implementation_id = NEW.implementation_id)"
                ),
            ),
        )
    ],
    "postgresql": [
        f"""CREATE FUNCTION scan_ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        # S608 sees a query made of text; the text is a constant of this file.
        f"""CREATE FUNCTION scan_ledger_follow() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
        BEGIN
          IF NOT ({_FOLLOWS}) THEN
            RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation';
          END IF;
          RETURN NEW;
        END $$""",
        f"""CREATE FUNCTION scan_ledger_stay() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NOT ({_GONE}) THEN
            RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation';
          END IF;
          RETURN OLD;
        END $$""",
        *(
            f"CREATE TRIGGER {name} BEFORE {event} FOR EACH {each} EXECUTE FUNCTION {function}()"
            for name, event, each, function in (
                ("scan_ledger_kept", "UPDATE OR TRUNCATE ON scan_ledger", "STATEMENT", "scan_ledger_refuse"),
                ("scan_ledger_stays", "DELETE ON scan_ledger", "ROW", "scan_ledger_stay"),
                ("scan_ledger_follows", "INSERT ON scan_ledger", "ROW", "scan_ledger_follow"),
                ("scan_names_kept", "UPDATE OR TRUNCATE ON scan_names", "STATEMENT", "scan_ledger_refuse"),
                ("scan_ledger_heads_stay", "DELETE ON scan_ledger_heads", "ROW", "scan_ledger_stay"),
                ("scan_ledger_heads_full", "TRUNCATE ON scan_ledger_heads", "STATEMENT", "scan_ledger_refuse"),
            )
        ),
        f"""CREATE TRIGGER scan_ledger_heads_step BEFORE UPDATE ON scan_ledger_heads
        FOR EACH ROW WHEN ({_STEP}) EXECUTE FUNCTION scan_ledger_refuse()""",
    ],
}
UNDONE = {
    "sqlite": [],  # the triggers go with their tables
    "postgresql": [f"DROP FUNCTION scan_ledger_{name}()" for name in ("refuse", "follow", "stay")],
}


def upgrade() -> None:
    """Make the tables and their triggers."""
    _make_ledger()
    _make_head_and_names()
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Delete every scan."""
    for table in ("scan_names", "scan_ledger_heads", "scan_ledger"):
        op.drop_table(table)
    for statement in UNDONE[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def _make_ledger() -> None:
    op.create_table(
        "scan_ledger",
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("number", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("scan_id", sa.String(36), nullable=False),
        sa.Column("session_id", sa.String(128), nullable=False),
        sa.Column("badge_id", sa.String(100), nullable=False),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.Column("entry", sa.String(8), nullable=False),
        sa.Column("scanned_at", TIME, nullable=False),
        sa.Column("skew_ms", sa.BigInteger(), nullable=False),
        sa.Column("corrected_at", TIME, nullable=False),
        sa.Column("received_at", TIME, nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("device", sa.String(64), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("replaces", sa.String(36), nullable=False),
        sa.Column("names_hash", sa.String(64), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_scan_ledger_number")),
        sa.CheckConstraint("kind IN ('scan', 'added', 'void', 'erased')", name=op.f("ck_scan_ledger_kind")),
        sa.CheckConstraint("direction IN ('', 'in', 'out')", name=op.f("ck_scan_ledger_direction")),
        sa.CheckConstraint("kind IN ('scan', 'erased') OR length(reason) > 0", name=op.f("ck_scan_ledger_reason")),
        _of_implementation("scan_ledger"),
        sa.PrimaryKeyConstraint("implementation_id", "number", name=op.f("pk_scan_ledger")),
    )
    for name, rows in (("uq_scan_ledger_scan", _SCANS), ("uq_scan_ledger_void", _VOIDS)):
        columns = ["implementation_id", "scan_id"]
        op.create_index(op.f(name), "scan_ledger", columns, unique=True, sqlite_where=rows, postgresql_where=rows)
    for columns in (["implementation_id", "session_id", "badge_id"], ["implementation_id", "badge_id"]):
        op.create_index(op.f(f"ix_scan_ledger_{'_'.join(columns)}"), "scan_ledger", columns)


def _make_head_and_names() -> None:
    op.create_table(
        "scan_ledger_heads",
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("entries", ROW_ID, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("anchored", ROW_ID, nullable=False),
        sa.Column("anchored_at", TIME, nullable=True),
        sa.CheckConstraint("entries >= 0", name=op.f("ck_scan_ledger_heads_entries")),
        sa.CheckConstraint("anchored BETWEEN 0 AND entries", name=op.f("ck_scan_ledger_heads_anchored")),
        _of_implementation("scan_ledger_heads"),
        sa.PrimaryKeyConstraint("implementation_id", name=op.f("pk_scan_ledger_heads")),
    )
    op.create_table(
        "scan_names",
        sa.Column("implementation_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("number", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("last_name", sa.String(200), nullable=False),
        sa.Column("first_name", sa.String(200), nullable=False),
        sa.Column("completed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["implementation_id", "number"],
            ["scan_ledger.implementation_id", "scan_ledger.number"],
            name=op.f("fk_scan_names_implementation_id_scan_ledger"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("implementation_id", "number", name=op.f("pk_scan_names")),
    )


def _of_implementation(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["implementation_id"],
        ["implementations.id"],
        name=op.f(f"fk_{table}_implementation_id_implementations"),
        ondelete="CASCADE",
    )
