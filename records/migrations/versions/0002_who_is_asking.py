"""Who is asking: identity providers, External Authentication, grants, the first administrator's link, audit entries.

No table is copied on SQLite: dropping the old one would take along every row that belongs to it. Columns are added with
a default in the database instead, which is good for the rows that are there.
"""

from __future__ import annotations

import unicodedata

import sqlalchemy as sa
from alembic import op

from records.errors import RuleViolation

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
#: Users whose search text is filled in at once.
BATCH = 1000


def upgrade() -> None:
    """Make the tables and columns."""
    _refuse_tenant_called_staff()
    _add_columns()
    _fill_search_text()
    _make_login_tables()
    _make_saml_tables()
    _make_audit_tables()
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))


def downgrade() -> None:
    """Drop them; with them goes who had which role, and every audit entry."""
    for statement in UNDONE[op.get_bind().dialect.name]:
        op.execute(sa.text(statement))
    for table in (
        "audit_entries",
        "audit_head",
        "saml_certificates",
        "saml_providers",
        "saml_sp_keys",
        "external_logins",
        "administrator_links",
        "grants",
    ):
        op.drop_table(table)
    for column in ("provider", "disabled_at", "disabled_reason", "search_text"):
        op.drop_column("users", column)
    for column in ("app_redirect_uris", "mapped_roles"):
        op.drop_column("implementations", column)


def _refuse_tenant_called_staff() -> None:
    """Stop before somebody's tenant becomes the place where administrators are made."""
    if op.get_bind().scalar(sa.text("SELECT id FROM implementations WHERE slug = 'staff'")) is not None:
        raise RuleViolation(
            "slug",
            "staff is kept from now on for reviewers and administrators, and an implementation has it: give that one "
            "another slug in the table implementations first, and its new addresses to its app",
        )


def _add_columns() -> None:
    for name, default in (("app_redirect_uris", "[]"), ("mapped_roles", '["scanner"]')):
        column = sa.Column(name, sa.JSON(), nullable=False, server_default=sa.text(f"'{default}'"))
        op.add_column("implementations", column)
    op.add_column("users", sa.Column("disabled_at", TIME, nullable=True))
    for name in ("provider", "disabled_reason", "search_text"):
        op.add_column("users", sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("''")))


def _fill_search_text() -> None:
    """Let people who came before be found as well."""
    names = ("username", "first_name", "last_name", "badge_id", "subject")
    users = sa.table("users", sa.column("id"), sa.column("search_text"), *map(sa.column, names))
    bind, reached = op.get_bind(), 0
    while rows := bind.execute(
        sa.select(users.c.id, *(users.c[name] for name in names))
        .where(users.c.id > reached)
        .order_by(users.c.id)
        .limit(BATCH)
    ).all():
        texts = [{"row": row.id, "found": "\n".join(_folded(text) for text in row[1:])} for row in rows]
        change = users.update().where(users.c.id == sa.bindparam("row")).values(search_text=sa.bindparam("found"))
        bind.execute(change, texts)
        reached = rows[-1].id


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).lower())


def _implementation(table: str) -> tuple[sa.Column[int], sa.ForeignKeyConstraint]:
    """The column that says to whom a row belongs."""
    return sa.Column("implementation_id", ROW_ID, nullable=False), sa.ForeignKeyConstraint(
        ["implementation_id"], ["implementations.id"], name=op.f(f"fk_{table}_implementation_id"), ondelete="CASCADE"
    )


def _make_login_tables() -> None:
    op.create_table(
        "grants",
        sa.Column("id", ROW_ID, nullable=False),
        *_implementation("grants"),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("value", sa.String(255), nullable=False),
        sa.Column("compared", sa.String(512), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("created_by", sa.String(255), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grants")),
        sa.UniqueConstraint(
            "implementation_id",
            "kind",
            "name",
            "compared",
            "role",
            name=op.f("uq_grants_implementation_id_kind_name_compared_role"),
        ),
        sa.CheckConstraint("kind IN ('username', 'user type', 'attribute')", name=op.f("ck_grants_kind")),
        sa.CheckConstraint(
            "role IN ('scanner', 'organizer', 'author', 'reviewer', 'administrator')", name=op.f("ck_grants_role")
        ),
        sa.CheckConstraint("(kind = 'attribute') = (name <> '')", name=op.f("ck_grants_name")),
        sa.CheckConstraint("length(compared) > 0", name=op.f("ck_grants_compared")),
    )
    op.create_table(
        "administrator_links",
        sa.Column("id", ROW_ID, nullable=False),
        *_implementation("administrator_links"),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_administrator_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_administrator_links_token_hash")),
    )
    op.create_table(
        "external_logins",
        sa.Column("id", ROW_ID, nullable=False),
        *_implementation("external_logins"),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=True),
        sa.Column("development", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("changed_by", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_logins")),
        sa.UniqueConstraint("implementation_id", name=op.f("uq_external_logins_implementation_id")),
        sa.CheckConstraint("kind IN ('jwt', 'introspection', 'password')", name=op.f("ck_external_logins_kind")),
    )


def _make_saml_tables() -> None:
    op.create_table(
        "saml_sp_keys",
        sa.Column("id", ROW_ID, nullable=False),
        *_implementation("saml_sp_keys"),
        sa.Column("use", sa.String(10), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("certificate", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("not_after", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saml_sp_keys")),
        sa.UniqueConstraint(
            "implementation_id", "use", "state", name=op.f("uq_saml_sp_keys_implementation_id_use_state")
        ),
        sa.CheckConstraint("use IN ('signing', 'encryption')", name=op.f("ck_saml_sp_keys_use")),
        sa.CheckConstraint("state IN ('present', 'next')", name=op.f("ck_saml_sp_keys_state")),
    )
    op.create_table(
        "saml_providers",
        sa.Column("id", ROW_ID, nullable=False),
        *_implementation("saml_providers"),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("sso_url", sa.Text(), nullable=False),
        sa.Column("slo_url", sa.Text(), nullable=False),
        sa.Column("metadata_url", sa.Text(), nullable=False),
        sa.Column("attribute_map", sa.JSON(), nullable=False),
        sa.Column("subject_attribute", sa.String(255), nullable=False),
        sa.Column("accept_response_signature", sa.Boolean(), nullable=False),
        sa.Column("allow_cbc", sa.Boolean(), nullable=False),
        sa.Column("allow_unsolicited", sa.Boolean(), nullable=False),
        sa.Column("development", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("changed_by", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saml_providers")),
        sa.UniqueConstraint("implementation_id", name=op.f("uq_saml_providers_implementation_id")),
        sa.UniqueConstraint("id", "implementation_id", name=op.f("uq_saml_providers_id_implementation_id")),
        sa.CheckConstraint("sso_url LIKE 'https://%' OR development", name=op.f("ck_saml_providers_https")),
    )
    op.create_table(
        "saml_certificates",
        sa.Column("id", ROW_ID, nullable=False),
        *_implementation("saml_certificates"),
        sa.Column("provider_id", ROW_ID, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("pem", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("not_after", TIME, nullable=False),
        sa.Column("added_at", TIME, nullable=False),
        sa.Column("decided_at", TIME, nullable=True),
        sa.Column("decided_by", sa.String(255), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id", "implementation_id"],
            ["saml_providers.id", "saml_providers.implementation_id"],
            name=op.f("fk_saml_certificates_provider_id_implementation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saml_certificates")),
        sa.UniqueConstraint("provider_id", "sha256", name=op.f("uq_saml_certificates_provider_id_sha256")),
        sa.CheckConstraint("state IN ('active', 'waiting', 'retired')", name=op.f("ck_saml_certificates_state")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_saml_certificates_sha256")),
    )


def _make_audit_tables() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("number", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("actor", sa.String(255), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("target", sa.String(500), nullable=False),
        sa.Column("implementation", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_entries")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_audit_entries_number")),
    )
    op.create_index(op.f("ix_audit_entries_implementation_number"), "audit_entries", ["implementation", "number"])
    head = op.create_table(
        "audit_head",
        sa.Column("id", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("entries", ROW_ID, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one")),
        sa.CheckConstraint("entries >= 0", name=op.f("ck_audit_head_entries")),
    )
    op.bulk_insert(head, [{"id": 1, "entries": 0, "hash": "0" * 64}])


_REFUSED = "audit entries are only appended, never changed"
#: What makes the database itself keep audit entries: no change, no deletion, the next number only, and the head steps
#: from one entry to the next.
TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER audit_{name} BEFORE {event} BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
        for name, event in (
            ("entries_kept", "UPDATE ON audit_entries"),
            ("entries_stay", "DELETE ON audit_entries"),
            (
                "entries_follow",
                "INSERT ON audit_entries WHEN NEW.number <> 1 + (SELECT entries FROM audit_head WHERE id = 1)",
            ),
            ("head_stays", "DELETE ON audit_head"),
            ("head_steps", "UPDATE ON audit_head WHEN NEW.entries <> OLD.entries + 1 OR NEW.id <> OLD.id"),
            ("head_alone", "INSERT ON audit_head"),
        )
    ],
    "postgresql": [
        f"""CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation'; END $$""",
        # S608 sees a query made of text; the text is a constant of this file.
        f"""CREATE FUNCTION audit_follow() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF NEW.number <> 1 + (SELECT entries FROM audit_head WHERE id = 1) THEN
            RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'integrity_constraint_violation';
          END IF;
          RETURN NEW;
        END $$""",  # noqa: S608 - only names of ours are put in
        """CREATE TRIGGER audit_entries_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
        """CREATE TRIGGER audit_entries_follow BEFORE INSERT ON audit_entries
        FOR EACH ROW EXECUTE FUNCTION audit_follow()""",
        """CREATE TRIGGER audit_head_stays BEFORE INSERT OR DELETE OR TRUNCATE ON audit_head
        FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()""",
        """CREATE TRIGGER audit_head_steps BEFORE UPDATE ON audit_head
        FOR EACH ROW WHEN (NEW.entries <> OLD.entries + 1 OR NEW.id <> OLD.id)
        EXECUTE FUNCTION audit_refuse()""",
    ],
}
UNDONE = {
    "sqlite": [
        f"DROP TRIGGER audit_{name}"
        for name in ("entries_kept", "entries_stay", "entries_follow", "head_stays", "head_steps", "head_alone")
    ],
    "postgresql": [
        *(f"DROP TRIGGER audit_entries_{name} ON audit_entries" for name in ("kept", "follow")),
        *(f"DROP TRIGGER audit_head_{name} ON audit_head" for name in ("stays", "steps")),
        "DROP FUNCTION audit_follow()",
        "DROP FUNCTION audit_refuse()",
    ],
}
