"""A user is found by the index of subjects, also before PostgreSQL has looked at the table."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event, insert

from records import Database, Implementation, User
from records.people import users


def plans(database: Database, asked: list[tuple[str, Any]]) -> list[str]:
    explain = "EXPLAIN QUERY PLAN" if database.engine.dialect.name == "sqlite" else "EXPLAIN"
    with database.engine.connect() as connection:
        found = [connection.exec_driver_sql(f"{explain} {query}", parameters) for query, parameters in asked]
        return ["\n".join(str(row[-1]) for row in each) for each in found]


def test_a_user_is_found_by_subject_without_statistics_of_the_table(database: Database, demo: Implementation):
    with database.session() as db:
        db.execute(insert(User), [{"implementation_id": demo.id, "subject": f"u{n}"} for n in range(3000)])
    asked: list[tuple[str, Any]] = []
    event.listen(database.engine, "before_cursor_execute", lambda *seen: asked.append((seen[2], seen[3])))
    with database.session() as db:
        assert users.find(db, demo, "u2000")
        assert users.with_badges(db, demo, ["B-1"]) == {}
    found, badges = plans(database, asked[-2:])
    assert "subject=?" in found or "uq_users_implementation_id_subject" in found
    assert "ix_users_badge_id_implementation_id" in badges
