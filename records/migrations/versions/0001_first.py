"""The first tables: implementations, connections, users, sessions, scripts with their versions, runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "implementations",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("script_settings", sa.JSON(), nullable=False),
        sa.Column("link_hosts", sa.JSON(), nullable=False),
        sa.Column("fallback_text", sa.String(length=120), nullable=False),
        sa.Column("fallback_link", sa.Text(), nullable=False),
        sa.Column("default_color", sa.String(length=7), nullable=False),
        sa.Column("last_good_minutes", sa.Integer(), nullable=False),
        sa.Column("fresh_seconds", sa.Integer(), nullable=False),
        sa.Column("stale_seconds", sa.Integer(), nullable=False),
        sa.Column("show_when", sa.String(length=16), nullable=False),
        sa.Column("user_types", sa.JSON(), nullable=False),
        sa.Column("inherit_from_parent", sa.Boolean(), nullable=False),
        sa.Column("session_url", sa.Text(), nullable=False),
        sa.Column("limits", sa.JSON(), nullable=False),
        sa.Column("concurrency", sa.Integer(), nullable=False),
        sa.Column("keep_runs_days", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "show_when IN ('always', 'during', 'after', 'during or after')", name=op.f("ck_implementations_show_when")
        ),
        sa.CheckConstraint("concurrency BETWEEN 1 AND 64", name=op.f("ck_implementations_concurrency")),
        sa.CheckConstraint(
            "fresh_seconds >= 0 AND stale_seconds >= fresh_seconds", name=op.f("ck_implementations_seconds")
        ),
        sa.CheckConstraint("keep_runs_days >= 1", name=op.f("ck_implementations_keep_runs_days")),
        sa.CheckConstraint("last_good_minutes >= 0", name=op.f("ck_implementations_last_good_minutes")),
        sa.CheckConstraint("length(slug) BETWEEN 1 AND 64", name=op.f("ck_implementations_slug")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_implementations")),
        sa.UniqueConstraint("slug", name=op.f("uq_implementations_slug")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "connections",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("auth_kind", sa.String(length=32), nullable=False),
        sa.Column("auth_fields", sa.JSON(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=True),
        sa.Column("methods", sa.JSON(), nullable=False),
        sa.Column("path_prefixes", sa.JSON(), nullable=False),
        sa.Column("follow_redirects", sa.Boolean(), nullable=False),
        sa.Column("timeout_s", sa.Double(), nullable=False),
        sa.Column("cache_s", sa.Integer(), nullable=False),
        sa.Column("rate_per_s", sa.Double(), nullable=True),
        sa.Column("concurrency", sa.Integer(), nullable=True),
        sa.Column("max_body_bytes", sa.Integer(), nullable=False),
        sa.Column("development", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(auth_kind = 'none') = (sealed_secret IS NULL)", name=op.f("ck_connections_secret")),
        sa.CheckConstraint(
            "auth_kind IN ('none', 'basic', 'bearer', 'api_key_header', 'api_key_parameter', 'oauth2_client_credentials')",
            name=op.f("ck_connections_auth_kind"),
        ),
        sa.CheckConstraint("base_url LIKE 'https://%' OR development", name=op.f("ck_connections_https")),
        sa.CheckConstraint(
            "timeout_s > 0 AND cache_s >= 0 AND max_body_bytes > 0", name=op.f("ck_connections_amounts")
        ),
        sa.ForeignKeyConstraint(
            ["implementation_id"],
            ["implementations.id"],
            name=op.f("fk_connections_implementation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connections")),
        sa.UniqueConstraint("implementation_id", "name", name=op.f("uq_connections_implementation_id_name")),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("user", sa.String(length=255), nullable=False),
        sa.Column("session", sa.String(length=128), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("alarm", sa.Boolean(), nullable=False),
        sa.Column("shown_as", sa.String(length=16), nullable=False),
        sa.Column("message", sa.JSON(), nullable=True),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("calls", sa.JSON(), nullable=False),
        sa.Column("log", sa.JSON(), nullable=False),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("usage", sa.JSON(), nullable=False),
        sa.Column("given", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["implementation_id"], ["implementations.id"], name=op.f("fk_runs_implementation_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
    )
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_runs_implementation_id_started_at"), ["implementation_id", "started_at"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_runs_implementation_id_user_session_started_at"),
            ["implementation_id", "user", "session", "started_at"],
            unique=False,
        )

    op.create_table(
        "scripts",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["implementation_id"], ["implementations.id"], name=op.f("fk_scripts_implementation_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scripts")),
        sa.UniqueConstraint("id", "implementation_id", name=op.f("uq_scripts_id_implementation_id")),
        sa.UniqueConstraint("implementation_id", name=op.f("uq_scripts_implementation_id")),
    )
    op.create_table(
        "sessions",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("session_id", sa.String(length=128), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("location", sa.String(length=300), nullable=False),
        sa.Column("parent_id", sa.String(length=128), nullable=True),
        sa.Column("credits", sa.String(16), nullable=True),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.CheckConstraint("ends_at >= starts_at", name=op.f("ck_sessions_times")),
        sa.CheckConstraint("length(title) > 0 AND length(session_id) > 0", name=op.f("ck_sessions_named")),
        sa.CheckConstraint("parent_id IS NULL OR parent_id <> session_id", name=op.f("ck_sessions_parent")),
        sa.ForeignKeyConstraint(
            ["implementation_id", "parent_id"],
            ["sessions.implementation_id", "sessions.session_id"],
            name=op.f("fk_sessions_implementation_id_parent_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["implementation_id"],
            ["implementations.id"],
            name=op.f("fk_sessions_implementation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("implementation_id", "session_id", name=op.f("uq_sessions_implementation_id_session_id")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sessions_implementation_id_starts_at"), ["implementation_id", "starts_at"], unique=False
        )

    op.create_table(
        "users",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column("user_type", sa.String(length=100), nullable=False),
        sa.Column("first_name", sa.String(length=200), nullable=False),
        sa.Column("last_name", sa.String(length=200), nullable=False),
        sa.Column("badge_id", sa.String(length=100), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["implementation_id"], ["implementations.id"], name=op.f("fk_users_implementation_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("implementation_id", "subject", name=op.f("uq_users_implementation_id_subject")),
    )
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_users_implementation_id_badge_id"), ["implementation_id", "badge_id"], unique=False
        )

    op.create_table(
        "versions",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("script_id", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("api_level", sa.Integer(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=255), nullable=False),
        sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("suspended_reason", sa.Text(), nullable=False),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_versions_sha256")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_versions_number")),
        sa.ForeignKeyConstraint(
            ["implementation_id"],
            ["implementations.id"],
            name=op.f("fk_versions_implementation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["script_id", "implementation_id"],
            ["scripts.id", "scripts.implementation_id"],
            name=op.f("fk_versions_script_id_implementation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_versions")),
        sa.UniqueConstraint("id", "implementation_id", name=op.f("uq_versions_id_implementation_id")),
        sa.UniqueConstraint(
            "id", "script_id", "implementation_id", name=op.f("uq_versions_id_script_id_implementation_id")
        ),
        sa.UniqueConstraint("script_id", "number", name=op.f("uq_versions_script_id_number")),
        sa.UniqueConstraint("script_id", "sha256", name=op.f("uq_versions_script_id_sha256")),
    )
    op.create_table(
        "activations",
        sa.Column("script_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("version_id", ROW_ID, nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("activated_by", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["implementation_id"],
            ["implementations.id"],
            name=op.f("fk_activations_implementation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["version_id", "script_id", "implementation_id"],
            ["versions.id", "versions.script_id", "versions.implementation_id"],
            name=op.f("fk_activations_version_id_script_id_implementation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("script_id", name=op.f("pk_activations")),
        sa.UniqueConstraint("implementation_id", name=op.f("uq_activations_implementation_id")),
    )
    op.create_table(
        "version_codes",
        sa.Column("version_id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("runtime_key", sa.String(length=255), nullable=False),
        sa.Column("implementation_id", ROW_ID, nullable=False),
        sa.Column("code", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["implementation_id"],
            ["implementations.id"],
            name=op.f("fk_version_codes_implementation_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["version_id", "implementation_id"],
            ["versions.id", "versions.implementation_id"],
            name=op.f("fk_version_codes_version_id_implementation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "runtime_key", name=op.f("pk_version_codes")),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("version_codes")
    op.drop_table("activations")
    op.drop_table("versions")
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_users_implementation_id_badge_id"))

    op.drop_table("users")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sessions_implementation_id_starts_at"))

    op.drop_table("sessions")
    op.drop_table("scripts")
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_runs_implementation_id_user_session_started_at"))
        batch_op.drop_index(batch_op.f("ix_runs_implementation_id_started_at"))

    op.drop_table("runs")
    op.drop_table("connections")
    op.drop_table("implementations")
