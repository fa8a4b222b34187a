"""Grants: the rules that give roles, and the roles that a person has now.

A role is never stored with a person. It is computed at each request from the grants and from what the identity provider
last said. So a change takes effect at once, and a person who loses an attribute loses its role.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, and_, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records import fields, roles
from records.columns import Base, RowId, utc_now
from records.errors import FieldFault, RuleViolation
from records.plurals import with_article
from records.storage.upsert import insert_missing
from records.tenants.implementations import STAFF, Implementation

from .users import User

#: What a grant matches. A provider decides about user types and attributes; usernames are named by our own people.
KINDS = ("username", "user type", "attribute")
_ROLES = ", ".join(f"'{role}'" for role in roles.GRANTED)


class Grant(Base):
    """A rule of an implementation: people who match it have the role."""

    __tablename__ = "grants"
    __table_args__ = (
        UniqueConstraint("implementation_id", "kind", "name", "compared", "role"),
        CheckConstraint("kind IN ('username', 'user type', 'attribute')", name="kind"),
        CheckConstraint(f"role IN ({_ROLES})", name="role"),
        CheckConstraint("(kind = 'attribute') = (name <> '')", name="name"),
        CheckConstraint("length(compared) > 0", name="compared"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(255), default="")  #: of the attribute
    value: Mapped[str] = mapped_column(String(255))  #: as it was entered
    compared: Mapped[str] = mapped_column(String(512))  #: the value as it is compared
    role: Mapped[str] = mapped_column(String(32))
    created_by: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    def __repr__(self) -> str:
        return f"<Grant {self.id} of {self.role}>"


def every(db: Session, implementation: Implementation) -> list[Grant]:
    """Return the implementation's grants, ordered by role and by what they match."""
    mine = select(Grant).where(Grant.implementation_id == implementation.id)
    return list(db.scalars(mine.order_by(Grant.role, Grant.kind, Grant.name, Grant.compared)))


def find(db: Session, implementation: Implementation, grant_id: int) -> Grant | None:
    """Return the implementation's grant with this number."""
    return db.scalar(select(Grant).where(Grant.implementation_id == implementation.id, Grant.id == grant_id))


def add(  # noqa: PLR0913 - what a grant is made of, all but two by name
    db: Session, implementation: Implementation, *, kind: str, value: str, role: str, name: str = "", by: str
) -> Grant:
    """Add a grant, or return an equal one that exists already. Raises RuleViolation with every fault."""
    values = fields.checked(_CHECKS, {"kind": kind, "name": name, "value": value, "role": role, "by": by})
    fields.refuse(_contradictions(implementation, values))
    row = {each: values[each] for each in ("kind", "name", "value", "role")}
    row |= {"compared": matched(values["kind"], values["value"]), "created_by": values["by"]}
    insert_missing(db, Grant, [{"implementation_id": implementation.id, **row}])
    same = select(Grant).where(Grant.implementation_id == implementation.id)
    return db.scalars(same.filter_by(**{each: row[each] for each in ("kind", "name", "compared", "role")})).one()


def remove(db: Session, implementation: Implementation, grant_id: int) -> Grant:
    """Remove a grant, and return it. Raises RuleViolation if the implementation has none with this number."""
    grant = find(db, implementation, grant_id)
    if grant is None:
        raise RuleViolation("grant", "does not exist any more")
    db.delete(grant)
    db.flush()
    return grant


def matched(kind: str, value: str) -> str:
    """Return a value as it is compared: usernames without case, the provider's values exactly; both composed (NFC).

    This turns some characters into plain letters, such as the Kelvin sign into "k". A username with one is compared as it is.
    """
    if kind != "username":
        return unicodedata.normalize("NFC", value)
    return value if any(map(_hides_a_letter, value)) else fields.folded(value)


def _hides_a_letter(character: str) -> bool:
    return not character.isascii() and fields.folded(character).isascii()


def roles_of(db: Session, implementation: Implementation, user: User, source: str) -> frozenset[str]:
    """Return the roles that a person has now in this implementation, with a login from `source`.

    1. A person who is locked out has none.
    2. Only their own implementation gives a person roles. Those of staff that are reviewer or administrator are valid everywhere.
    3. The one-time link makes its one login an administrator. It needs no grant, which would outlive it.
    4. Everybody who is logged in is an attendee.
    5. A username gives what its grants say. A user type and attributes give at most `mapped_roles`.
    6. reviewer and administrator exist in the staff implementation only, whatever a grant's row says.
    7. Roles above scanner require a login by SAML.
    """
    # 1. locked out
    if user.disabled_at is not None:
        return frozenset()
    # 2. own implementation
    if user.implementation_id != implementation.id:
        home = db.get(Implementation, user.implementation_id)
        of_staff = home is not None and home.slug == STAFF
        return roles_of(db, home, user, source) & set(roles.STAFF_ROLES) if home and of_staff else frozenset()
    # 3. the one-time link
    if source == roles.LINK:
        return frozenset({roles.ATTENDEE, roles.ADMINISTRATOR} if implementation.slug == STAFF else {roles.ATTENDEE})
    # 4. attendee
    found = {roles.ATTENDEE}
    # 5. grants
    found |= {grant.role for grant in grants_of(db, implementation, user)}
    # 6. staff only
    if implementation.slug != STAFF:
        found -= set(roles.STAFF_ROLES)
    # 7. source
    return roles.allowed_by_source(found, source)


def grants_of(db: Session, implementation: Implementation, user: User) -> list[Grant]:
    """Return the grants that give roles to a person of this implementation (step 5 of `roles_of`)."""
    found = _matching(db, user)
    return [grant for grant in found if grant.kind == "username" or grant.role in implementation.mapped_roles]


def _matching(db: Session, user: User) -> list[Grant]:
    """Return the grants of the user's implementation that match what their provider last said."""
    conditions = [Grant.kind == "attribute"]  # attributes may have several values, so they are compared below
    for kind, value in (("username", user.username), ("user type", user.user_type)):
        if value:
            conditions.append(and_(Grant.kind == kind, Grant.compared == matched(kind, value)))
    rows = db.scalars(select(Grant).where(Grant.implementation_id == user.implementation_id, or_(*conditions)))
    return [row for row in rows if matches(row, user)]


def matches(grant: Grant, user: User) -> bool:
    """Say whether a person is one of those whom a grant names, by what their provider last said."""
    return would_match(grant.kind, grant.name, grant.value, user)


def would_match(kind: str, name: str, value: str, user: User) -> bool:
    """Say whether a grant of this kind, attribute name and value would match what a person's provider last said."""
    if kind == "attribute":
        return matched(kind, value) in _values(user, name)
    own = user.username if kind == "username" else user.user_type
    return bool(own) and matched(kind, own) == matched(kind, value)


def _values(user: User, name: str) -> set[str]:
    """Return the texts of an attribute; a provider may send one value or a list."""
    value = user.attributes.get(name)
    return {
        matched("attribute", one) for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)
    }


def _contradictions(implementation: Implementation, values: dict[str, str]) -> list[FieldFault]:
    faults = []
    role, kind = values["role"], values["kind"]
    if role in roles.STAFF_ROLES and implementation.slug != STAFF:
        faults.append(
            FieldFault("role", f"{role} is given in the staff implementation only, and is valid in all implementations")
        )
    elif kind != "username" and role not in implementation.mapped_roles:
        allowed = ", ".join(implementation.mapped_roles) or "nothing"
        faults.append(FieldFault("role", f"{role} is more than {with_article(kind)} may give here, which is {allowed}"))
    if (kind == "attribute") != bool(values["name"]):
        faults.append(FieldFault("name", "is missing" if kind == "attribute" else f"must be empty for a {kind}"))
    return faults


def _role(value: object) -> str:
    if value == roles.ATTENDEE:
        raise ValueError("must not be attendee: everybody who logs in is an attendee")
    return str(fields.one_of(*roles.GRANTED)(value))


_CHECKS: dict[str, fields.Check] = {
    "kind": fields.one_of(*KINDS),
    "name": fields.line(255),
    "value": fields.line(255, empty=False),
    "role": _role,
    "by": fields.line(255, empty=False),
}
