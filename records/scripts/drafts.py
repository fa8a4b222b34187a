"""Drafts: what an author is writing and has not handed in. One for each author of an implementation.

A draft may be any text, also one that no check lets pass. Its revision counts the saves, so that a page which shows an
older one cannot overwrite a newer one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from records import fields
from records.columns import Base, RowId, utc_now
from records.errors import RuleViolation
from records.tenants import implementations
from records.tenants.implementations import Implementation

from .submissions import checked_scenarios
from .versions import LARGEST_SOURCE


class ScriptDraft(Base):
    """A script as its author left it."""

    __tablename__ = "drafts"
    __table_args__ = (
        UniqueConstraint("implementation_id", "author"),
        CheckConstraint("revision >= 1", name="revision"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    author: Mapped[str] = mapped_column(String(255))
    source: Mapped[str] = mapped_column(Text)
    edited_at: Mapped[datetime] = mapped_column(default=utc_now)
    revision: Mapped[int]  #: 1, 2, 3, … with each save of the text
    scenarios: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")  #: handed in with the text


def find(db: Session, implementation: Implementation, author: str) -> ScriptDraft | None:
    """Return an author's draft."""
    mine = select(ScriptDraft).where(ScriptDraft.implementation_id == implementation.id)
    return db.scalar(mine.where(ScriptDraft.author == author))


def of_others(db: Session, implementation: Implementation, author: str, *, limit: int = 10) -> list[ScriptDraft]:
    """Return the drafts of other authors of an implementation, the last edited first, without their texts."""
    mine = select(ScriptDraft).where(ScriptDraft.implementation_id == implementation.id, ScriptDraft.author != author)
    found = mine.order_by(ScriptDraft.edited_at.desc(), ScriptDraft.id.desc()).options(defer(ScriptDraft.source))
    return list(db.scalars(found.limit(limit)))


def save(db: Session, implementation: Implementation, author: str, source: str, *, revision: int) -> ScriptDraft:
    """Save a draft. `revision` is that of the draft which the author edited, 0 if there was none.

    Raises RuleViolation if it was saved from another page meanwhile.
    """
    given = fields.checked(_CHECKS, {"author": author, "source": source})
    implementations.lock(db, implementation)
    draft = find(db, implementation, given["author"])
    present = draft.revision if draft else 0
    if revision != present:
        raise RuleViolation("revision", f"is {revision}, and the draft was saved elsewhere as revision {present}")
    if draft is None:
        draft = ScriptDraft(implementation_id=implementation.id, author=given["author"])
        db.add(draft)
    draft.source, draft.edited_at, draft.revision = given["source"], utc_now(), present + 1
    db.flush()
    return draft


def keep_scenario(db: Session, draft: ScriptDraft, scenario: dict[str, Any]) -> None:
    """Add a scenario to a draft, in place of one with its name. Raises RuleViolation for one that cannot be handed in."""
    name = fields.checked({"scenario_name": fields.line(100, empty=False)}, {"scenario_name": scenario["name"]})
    others = [one for one in draft.scenarios if one["name"] != name["scenario_name"]]
    kept = [*others, scenario | {"name": name["scenario_name"]}]
    draft.scenarios = fields.checked({"scenarios": checked_scenarios}, {"scenarios": fields.storable(kept)})[
        "scenarios"
    ]
    db.flush()


def drop_scenario(db: Session, draft: ScriptDraft, name: str) -> bool:
    """Remove a scenario from a draft. Returns False if it has none of this name."""
    kept = [one for one in draft.scenarios if one["name"] != name]
    if len(kept) == len(draft.scenarios):
        return False
    draft.scenarios = kept
    db.flush()
    return True


def drop(db: Session, implementation: Implementation, author: str) -> None:
    """Forget an author's draft."""
    mine = ScriptDraft.implementation_id == implementation.id
    db.execute(delete(ScriptDraft).where(mine, ScriptDraft.author == author))


def _source(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")  # noqa: TRY004 - every check speaks ValueError
    fields.refuse_controls(value, allowed="\n\r\t\f")
    if len(value.encode()) > LARGEST_SOURCE:
        raise ValueError(f"must be at most {LARGEST_SOURCE} bytes")
    return value


_CHECKS: dict[str, fields.Check] = {"author": fields.line(255, empty=False), "source": _source}
