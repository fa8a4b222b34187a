"""Implementations: each is one client's app, the tenant to which every other row belongs.

The table, and the rules for creating and changing an implementation. A rule checks everything and names every fault; the
constraints of the table are a second line of defence, for changes that do not pass the rules.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, String, Text, bindparam, false, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from records import fields, roles
from records.columns import Base, RowId, utc_now
from records.errors import FieldFault, RuleViolation
from records.storage.upsert import insert_missing

from . import run_budgets
from .implementation_settings import SETTINGS

#: The slug of the implementation in which reviewers and administrators log in. It is reserved.
STAFF = "staff"
LIMITS = run_budgets.LIMITS


class Implementation(Base):
    """One client's app, with everything that decides how its statuses are made and shown."""

    __tablename__ = "implementations"
    __table_args__ = (
        CheckConstraint("length(slug) BETWEEN 1 AND 64", name="slug"),
        CheckConstraint("show_when IN ('always', 'during', 'after', 'during or after')", name="show_when"),
        CheckConstraint("fresh_seconds >= 0 AND stale_seconds >= fresh_seconds", name="seconds"),
        CheckConstraint("last_good_minutes >= 0", name="last_good_minutes"),
        CheckConstraint("concurrency BETWEEN 1 AND 64", name="concurrency"),
        CheckConstraint("keep_runs_days >= 1", name="keep_runs_days"),
        {"sqlite_autoincrement": True},  # a number is never used twice, because sealed secrets contain it
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)  #: its id in addresses
    name: Mapped[str] = mapped_column(String(200))
    time_zone: Mapped[str] = mapped_column(String(64))
    script_settings: Mapped[dict[str, Any]] = mapped_column(default=dict)  #: `api.settings` of its script
    link_hosts: Mapped[list[str]] = mapped_column(default=list)  #: the hosts a message may link to
    fallback_text: Mapped[str] = mapped_column(String(120), default="")
    fallback_link: Mapped[str] = mapped_column(Text, default="")
    default_color: Mapped[str] = mapped_column(String(7), default="#005d8a")
    last_good_minutes: Mapped[int] = mapped_column(default=60)
    fresh_seconds: Mapped[int] = mapped_column(default=60)
    stale_seconds: Mapped[int] = mapped_column(default=600)
    show_when: Mapped[str] = mapped_column(String(16), default="always")
    user_types: Mapped[list[str]] = mapped_column(default=list)  #: who sees messages; empty: everybody
    inherit_from_parent: Mapped[bool] = mapped_column(default=False)  #: a sub-session shows its parent's message
    session_url: Mapped[str] = mapped_column(Text, default="")  #: where the app shows a session, with {session_id}
    limits: Mapped[dict[str, Any]] = mapped_column(default=dict)  #: some of LIMITS; the rest are the operator's
    concurrency: Mapped[int] = mapped_column(default=12)  #: runs at the same time
    keep_runs_days: Mapped[int] = mapped_column(default=30)
    keep_answers_days: Mapped[int] = mapped_column(
        default=0, server_default=text("0")
    )  #: see `records.trials.kept_answers`
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    archived_at: Mapped[datetime | None]  #: since when it is not served; see `records.changes.retirement`
    stopped_at: Mapped[datetime | None]  #: since when no script is run; see `records.changes.deployments`
    stopped_by: Mapped[str] = mapped_column(String(255), default="", server_default="")
    stopped_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    continued_at: Mapped[datetime | None]  #: when scripts went on after the last stop
    #: where a login of the app may end: exact addresses
    app_redirect_uris: Mapped[list[str]] = mapped_column(default=list, server_default=text("'[]'"))
    #: the most that a grant by attribute or user type gives
    mapped_roles: Mapped[list[str]] = mapped_column(
        default=lambda: [roles.SCANNER], server_default=text("""'["scanner"]'""")
    )

    scan_text: Mapped[str] = mapped_column(String(120), default="", server_default="")  #: "": no button
    scan_sessions: Mapped[list[str]] = mapped_column(default=list, server_default=text("'[]'"))  #: empty: all
    scan_opens_minutes: Mapped[int] = mapped_column(default=60, server_default=text("60"))
    scan_closes_minutes: Mapped[int] = mapped_column(default=60, server_default=text("60"))
    scan_mode: Mapped[str] = mapped_column(String(16), default="in only", server_default="in only")
    scan_mode_exceptions: Mapped[list[str]] = mapped_column(default=list, server_default=text("'[]'"))
    repeat_seconds: Mapped[int] = mapped_column(default=120, server_default=text("120"))
    early_minutes: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    late_minutes: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    minutes_needed: Mapped[int] = mapped_column(default=0, server_default=text("0"))  #: 0: not set
    percent_needed: Mapped[int] = mapped_column(default=0, server_default=text("0"))  #: 0: not set
    own_attendance: Mapped[bool] = mapped_column(default=False, server_default=false())  #: people may see their own
    prepare_minutes_before_end: Mapped[int] = mapped_column(default=5, server_default=text("5"))  #: 0: never
    prepare_fresh_seconds: Mapped[int] = mapped_column(default=60, server_default=text("60"))
    prefetch_people: Mapped[int] = mapped_column(default=200, server_default=text("200"))  #: 0: nobody
    keep_names_days: Mapped[int] = mapped_column(default=0, server_default=text("0"))  #: 0: for ever, as those below
    keep_scans_days: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    keep_refused_days: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    keep_devices_days: Mapped[int] = mapped_column(default=0, server_default=text("0"))

    def __repr__(self) -> str:
        return f"<Implementation {self.slug}>"


def find(db: Session, slug: str) -> Implementation | None:
    """Return the implementation that is served under this id in addresses; None for an archived one."""
    found = find_any(db, slug)
    return found if found and found.archived_at is None else None


def find_typed(db: Session, typed: str, *, archived: bool = False) -> Implementation | None:
    """Return the implementation whose id a person typed. Case does not matter, unless two ids differ only in case.

    `archived`: also return one that is not served, for administration.
    """
    exact = find_any(db, typed) if archived else find(db, typed)
    if exact is not None or "\0" in typed:
        return exact
    same = select(Implementation).where(func.lower(Implementation.slug) == typed.lower())
    same = same if archived else same.where(Implementation.archived_at.is_(None))
    found = list(db.scalars(same.limit(2)))
    return found[0] if len(found) == 1 else None


def find_any(db: Session, slug: str) -> Implementation | None:
    """Return the implementation with this id, archived or not. For administration, never for what apps ask."""
    if "\0" in slug:  # PostgreSQL cannot even compare with it
        return None
    return db.scalar(_BY_SLUG, {"slug": slug})


#: Made once, because nearly every request asks.
_BY_SLUG = select(Implementation).where(Implementation.slug == bindparam("slug"))


def every(db: Session) -> list[Implementation]:
    """Return all implementations, archived ones included, ordered by name."""
    return list(db.scalars(select(Implementation).order_by(Implementation.name, Implementation.id)))


def create(db: Session, slug: str, name: str, time_zone: str = "UTC", **settings: Any) -> Implementation:
    """Create an implementation. Raises RuleViolation with every fault, also if the slug is taken or reserved for staff."""
    values = fields.checked(_CHECKS, {"slug": slug, "name": name, "time_zone": time_zone, **settings})
    if slug.lower() == STAFF:  # also "Staff", which would be mistaken for it
        raise RuleViolation("slug", "is reserved for the reviewers and administrators of this service")
    if find_any(db, slug) is not None:
        raise RuleViolation("slug", "is taken by another implementation")
    implementation = Implementation(**values)
    db.add(implementation)
    db.flush()  # fills in the defaults, which the next check reads
    fields.refuse(_contradictions(implementation))
    return implementation


def staff(db: Session) -> Implementation:
    """Return the implementation of reviewers and administrators, which is created at the first call."""
    found = find(db, STAFF)
    if found is None:
        insert_missing(db, Implementation, [{"slug": STAFF, "name": "Staff", "time_zone": "UTC"}])
        found = db.scalars(select(Implementation).where(Implementation.slug == STAFF)).one()
    return found


def made_at(implementation: Implementation) -> int:
    """Return the Unix second of its creation. An earlier login belongs to a removed implementation with the same slug."""
    return int(implementation.created_at.timestamp())


def existed_at(implementation: Implementation, at: datetime) -> bool:
    """Say whether it existed at this time. Earlier entries with its slug are about a removed implementation."""
    return at.timestamp() >= made_at(implementation)


def update(db: Session, implementation: Implementation, **changes: Any) -> Implementation:
    """Change some fields; the slug never changes. Raises RuleViolation with every fault, and then nothing is changed."""
    values = fields.checked({field: check for field, check in _CHECKS.items() if field != "slug"}, changes)
    before = {field: getattr(implementation, field) for field in values}
    with db.no_autoflush:
        _set(implementation, values)
        faults = _contradictions(implementation)
        if faults:
            _set(implementation, before)
    fields.refuse(faults)
    db.flush()
    return implementation


def lock(db: Session, implementation: Implementation) -> None:
    """Lock this implementation until the end of the transaction."""
    db.execute(select(Implementation.id).where(Implementation.id == implementation.id).with_for_update())


def _set(implementation: Implementation, values: dict[str, Any]) -> None:
    for field, value in values.items():
        setattr(implementation, field, value)


def _contradictions(implementation: Implementation) -> list[FieldFault]:
    """Return what is wrong between fields that are each valid on their own."""
    faults = []
    if implementation.stale_seconds < implementation.fresh_seconds:
        faults.append(FieldFault("stale_seconds", "must be at least fresh_seconds"))
    link = implementation.fallback_link
    if link and fields.url(link).hostname not in implementation.link_hosts:
        faults.append(FieldFault("fallback_link", "must lead to one of the link_hosts"))
    if link and not implementation.fallback_text:
        faults.append(FieldFault("fallback_link", "must be empty without a fallback_text"))
    if implementation.slug != STAFF and set(roles.STAFF_ROLES) & set(implementation.mapped_roles):
        faults.append(
            FieldFault(
                "mapped_roles",
                f"must not contain {roles.in_words(roles.STAFF_ROLES)} outside the staff implementation",
            )
        )
    return faults


_CHECKS: dict[str, fields.Check] = {"slug": fields.slug} | {each.name: each.check for each in SETTINGS}
