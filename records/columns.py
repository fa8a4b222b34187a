"""The column types and the base class that all tables share, so that no table can store a naive time or a rounded credit."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, MetaData, String
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

#: Plain JSON, not PostgreSQL's JSONB, which sorts keys: a replayed run must see them in their original order.
Json = JSON(none_as_null=True)

#: SQLite numbers rows automatically only for a column of exactly the type INTEGER.
RowId = BigInteger().with_variant(Integer, "sqlite")


def utc_now() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


def length_of(column: Any) -> int:
    """Return how many characters a text column can hold, for the limit of a form field."""
    length: int = column.type.length
    return length


class UtcTime(TypeDecorator[datetime]):
    """An aware time in UTC. A naive one is refused, because it would be ambiguous later."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware time into what the database stores; SQLite has no time zones, so it stores UTC without one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the base class's signature
        """Return the time aware and in UTC, whatever time zone the server uses."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Credits(TypeDecorator[Decimal]):
    """A decimal number stored as text: 1.0 stays 1.0 (people see it), and SQLite does not turn it into a float."""

    impl = String(16)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - the base class's signature
        """Write the number in plain notation, without an exponent."""
        return None if value is None else format(value, "f")

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002 - the base class's signature
        """Read the number back with the digits it was given."""
        return None if value is None else Decimal(value)


class Base(DeclarativeBase):
    """The root of all tables; constraints get the same names on every database."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: UtcTime,
        dict[str, Any]: Json,
        list[Any]: Json,
        list[str]: Json,
    }
