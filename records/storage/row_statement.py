"""A SELECT that every run makes, sent straight to the driver.

SQLAlchemy's way from a statement to its rows costs five times as much processor time as what SQLite does for it. So the statement
is compiled once for each kind of database, and only the pool and the types are SQLAlchemy's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Dialect, Engine, Select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError


class RowStatement:
    """A SELECT whose values are texts and whole numbers, all of them named parameters."""

    def __init__(self, select: Select[Any]) -> None:
        self.select = select
        self._compiled: dict[str, _CompiledRows] = {}  #: by the name of the dialect

    def rows(self, engine: Engine, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Return the rows, in a transaction of their own. Raises what SQLAlchemy raises for the driver's errors."""
        dialect = engine.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = _CompiledRows(self.select, dialect)
        driver_error = dialect.loaded_dbapi.Error
        try:
            connection = engine.raw_connection()
            try:
                return compiled.rows(connection, values)
            except driver_error as error:
                if dialect.is_disconnect(error, connection, None):
                    connection.invalidate(error)
                raise
            finally:
                connection.close()
        except driver_error as error:
            raise DBAPIError.instance(compiled.sql, None, error, driver_error, hide_parameters=True) from error


class _CompiledRows:
    def __init__(self, select: Select[Any], dialect: Dialect) -> None:
        compiled = select.compile(dialect=dialect)
        self.sql = str(compiled)
        self._order: list[str] | None = compiled.positiontup if compiled.positional else None
        self._readers: list[
            tuple[int, Callable[[Any], Any]]
        ] = []  #: of the columns that the driver returns in another form
        for at, column in enumerate(select.selected_columns):
            read = column.type.dialect_impl(dialect).result_processor(dialect, None)
            if read:
                self._readers.append((at, read))

    def rows(self, connection: DBAPIConnection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        cursor = connection.cursor()
        try:
            cursor.execute(self.sql, values if self._order is None else [values[name] for name in self._order])
            return [self._read(row) for row in cursor.fetchall()]
        finally:
            cursor.close()

    def _read(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        found = list(row)
        for at, read in self._readers:
            found[at] = read(found[at])
        return tuple(found)
