"""Submissions, reviews, deployments, author tokens and drafts; what was in service becomes an active deployment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)

_REFUSED = "reviews are only added, never changed"
#: What makes the database itself keep reviews as they were written.
TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER reviews_kept BEFORE UPDATE ON reviews BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
    ],
    "postgresql": [
        f"""CREATE FUNCTION reviews_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        """CREATE TRIGGER reviews_kept BEFORE UPDATE ON reviews
        FOR EACH STATEMENT EXECUTE FUNCTION reviews_refuse()""",
    ],
}
UNDONE = {
    "sqlite": ["DROP TRIGGER reviews_kept"],
    "postgresql": ["DROP TRIGGER reviews_kept ON reviews", "DROP FUNCTION reviews_refuse()"],
}
TABLES = ("review_comments", "reviews", "submissions", "deployments", "author_tokens", "drafts")
STOPPED = ("stopped_at", "stopped_by", "stopped_reason")


def upgrade() -> None:
    """Make the tables, and turn each activation into a deployment to all users."""
    op.add_column("implementations", sa.Column("stopped_at", TIME, nullable=True))
    op.add_column("implementations", sa.Column("stopped_by", sa.String(255), nullable=False, server_default=""))
    op.add_column("implementations", sa.Column("stopped_reason", sa.Text(), nullable=False, server_default=""))
    _make_deployments()
    _make_submissions()
    _make_reviews()
    _make_tokens_and_drafts()
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))
    op.execute(
        sa.text(
            "INSERT INTO deployments (implementation_id, version_id, state, share, salt, started_at, started_by,"
            " reason, active_since, looks, ended_by, end_reason)"
            " SELECT implementation_id, version_id, 'active', 100, '', activated_at, activated_by, '', activated_at,"
            " 0, '', '' FROM activations"
        )
    )
    op.drop_table("activations")


def downgrade() -> None:
    """Keep which version is active; the rest goes: submissions, reviews, tokens, drafts, what is staged, and every stop."""
    op.create_table(
        "activations",
        sa.Column("script_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("version_id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("activated_at", TIME, nullable=False),
        sa.Column("activated_by", sa.String(255), nullable=False),
        _owner("activations"),
        sa.ForeignKeyConstraint(
            ["version_id", "script_id", "implementation_id"],
            ["versions.id", "versions.script_id", "versions.implementation_id"],
            name=op.f("fk_activations_version_id_script_id_implementation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("script_id", name=op.f("pk_activations")),
        sa.UniqueConstraint("implementation_id", name=op.f("uq_activations_implementation_id")),
    )
    op.execute(
        sa.text(
            "INSERT INTO activations (script_id, version_id, implementation_id, activated_at, activated_by)"
            " SELECT v.script_id, d.version_id, d.implementation_id, d.active_since, d.started_by"
            " FROM deployments d JOIN versions v ON v.id = d.version_id WHERE d.state = 'active'"
        )
    )
    for statement in UNDONE[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))
    for table in TABLES:
        op.drop_table(table)
    for column in STOPPED:
        op.drop_column("implementations", column)


def _make_deployments() -> None:
    op.create_table(
        "deployments",
        *_first_columns("deployments"),
        sa.Column("version_id", ROW_ID, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("started_by", sa.String(255), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("active_since", TIME, nullable=True),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
        sa.Column("ended_by", sa.String(255), nullable=False),
        sa.Column("end_reason", sa.Text(), nullable=False),
        _version("deployments"),
        _check("deployments", "state", "state IN ('staged', 'active', 'superseded', 'reverted', 'suspended')"),
        _check("deployments", "share", "share BETWEEN 1 AND 100 AND (state <> 'active' OR share = 100)"),
        _check("deployments", "ended_at", "(state IN ('staged', 'active')) = (ended_at IS NULL)"),
        _check("deployments", "active_since", "state <> 'active' OR active_since IS NOT NULL"),
    )
    for state in ("staged", "active"):
        _unique_where(f"uq_deployments_{state}", "deployments", ["implementation_id"], f"state = '{state}'")
    op.create_index(
        op.f("ix_deployments_implementation_id_started_at"), "deployments", ["implementation_id", "started_at"]
    )


def _make_submissions() -> None:
    op.create_table(
        "submissions",
        *_first_columns("submissions"),
        sa.Column("version_id", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("scenarios", sa.JSON(), nullable=False),
        sa.Column("submitted_by", sa.String(255), nullable=False),
        sa.Column("author", sa.String(255), nullable=False),
        sa.Column("submitted_at", TIME, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("results", sa.JSON(), nullable=True),
        sa.Column("results_at", TIME, nullable=True),
        _version("submissions"),
        sa.UniqueConstraint("implementation_id", "number", name=op.f("uq_submissions_implementation_id_number")),
        sa.UniqueConstraint("id", "implementation_id", name=op.f("uq_submissions_id_implementation_id")),
        _check(
            "submissions",
            "state",
            "state IN ('submitted', 'changes_requested', 'approved', 'rejected', 'withdrawn', 'superseded')",
        ),
        _check("submissions", "number", "number >= 1"),
        _check("submissions", "decided_at", "(state = 'submitted') = (decided_at IS NULL)"),
    )
    _unique_where("uq_submissions_undecided", "submissions", ["implementation_id", "author"], "state = 'submitted'")
    op.create_index(op.f("ix_submissions_state_submitted_at"), "submissions", ["state", "submitted_at"])


def _make_reviews() -> None:
    op.create_table(
        "reviews",
        *_first_columns("reviews"),
        sa.Column("submission_id", ROW_ID, nullable=False),
        sa.Column("reviewer", sa.String(255), nullable=False),
        sa.Column("decision", sa.String(32), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("public_note", sa.Text(), nullable=False),
        sa.Column("private_note", sa.Text(), nullable=False),
        sa.Column("waived", sa.JSON(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        _submission("reviews"),
        sa.UniqueConstraint("submission_id", name=op.f("uq_reviews_submission_id")),
        _check("reviews", "decision", "decision IN ('changes_requested', 'approved', 'rejected')"),
        _check("reviews", "sha256", "length(sha256) = 64"),
    )
    op.create_table(
        "review_comments",
        *_first_columns("review_comments"),
        sa.Column("submission_id", ROW_ID, nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(255), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("resolved_by", sa.String(255), nullable=False),
        sa.Column("resolved_at", TIME, nullable=True),
        _submission("review_comments"),
        _check("review_comments", "line", "line IS NULL OR line >= 1"),
        _check("review_comments", "resolved", "(resolved_at IS NULL) = (resolved_by = '')"),
    )
    op.create_index(op.f("ix_review_comments_submission_id"), "review_comments", ["submission_id"])


def _make_tokens_and_drafts() -> None:
    op.create_table(
        "author_tokens",
        *_first_columns("author_tokens"),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(255), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("revoked_by", sa.String(255), nullable=False),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.Column("last_used_at", TIME, nullable=True),
        sa.UniqueConstraint("implementation_id", "name", name=op.f("uq_author_tokens_implementation_id_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_author_tokens_token_hash")),
        _check("author_tokens", "token_hash", "length(token_hash) = 64"),
        _check("author_tokens", "revoked", "(revoked_at IS NULL) = (revoked_by = '')"),
    )
    op.create_table(
        "drafts",
        *_first_columns("drafts"),
        sa.Column("author", sa.String(255), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("edited_at", TIME, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.UniqueConstraint("implementation_id", "author", name=op.f("uq_drafts_implementation_id_author")),
        _check("drafts", "revision", "revision >= 1"),
    )


def _first_columns(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        _owner(table),
    ]


def _owner(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_implementation_id")
    return sa.ForeignKeyConstraint(["implementation_id"], ["implementations.id"], name=name, ondelete="CASCADE")


def _version(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["version_id", "implementation_id"],
        ["versions.id", "versions.implementation_id"],
        name=op.f(f"fk_{table}_version_id_implementation_id"),
        ondelete="CASCADE",
    )


def _submission(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["submission_id", "implementation_id"],
        ["submissions.id", "submissions.implementation_id"],
        name=op.f(f"fk_{table}_submission_id_implementation_id"),
        ondelete="CASCADE",
    )


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _unique_where(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(op.f(name), table, columns, unique=True, sqlite_where=where, postgresql_where=where)
