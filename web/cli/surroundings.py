"""Where a command works: the settings and the records, and how the running processes learn of a change.

`up` leaves a note in its data folder (addresses, nothing secret), so that a command in another terminal finds the
running demo without any setting. An ENV or a DATABASE_URL of one's own always wins over the note.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import click

from records import Database, DbSession, Implementation, RecordsError, SecretBox, implementations
from runner.announcing import announce
from runner.settings import Settings, SettingsError
from runner.start_checks import database_fault, schema_fault, store_fault

from .complaints import Complaint, listed

NOTE = "running.json"
ENV = "SESSION_STATUS_ENV"
DATA_FOLDER = "SESSION_STATUS_DATA_FOLDER"
#: who did it, in audit entries and grants
ACTOR = "command line"


def environment(given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment, completed by the note of a running `up` where it is silent."""
    own = dict(given)
    note = Path(own.get(DATA_FOLDER) or "data") / NOTE
    if own.get(ENV, "development") != "development" or "DATABASE_URL" in own or not note.is_file():
        return own
    try:
        return {**json.loads(note.read_text()), **own}
    except ValueError:
        return own


def read_settings(given: Mapping[str, str] | None = None) -> Settings:
    """The settings. Raises Complaint with all faults, and with the way out for a newcomer."""
    try:
        return Settings.from_environment(environment() if given is None else given)
    except SettingsError as error:
        text = str(error)
    if ENV not in os.environ:
        text += f"\nTo look around, start the demo with `session-status up`, or set {ENV}=development."
    raise Complaint(text)


class Place:
    """What most commands need: settings, records, and the box that seals secrets."""

    def __init__(self) -> None:
        self.settings = read_settings()
        self.database = open_database(self.settings)

    @property
    def box(self) -> SecretBox:
        """Seals and opens connection secrets."""
        return SecretBox(self.settings.keys)

    def changed(self, slug: str) -> None:
        """Tell the running processes, after the commit. Without a store nobody runs who would have to know."""
        if self.settings.redis_url and not announce(self.settings, slug):
            click.echo(
                "The store does not answer, so running processes will notice the change a little later.", err=True
            )


def open_database(settings: Settings) -> Database:
    """The records. Raises Complaint when the address cannot be one."""
    try:
        return Database(settings.database_url, environment=settings.environment)
    except RecordsError as error:
        raise Complaint(f"The database cannot be used: {error}.") from None


@contextmanager
def place() -> Iterator[Place]:
    """Open the place of a command; whatever the records refuse or cannot do becomes a sentence."""
    here = Place()
    try:
        require_current(here.database)
        require_environment(here)
        yield here
    except RecordsError as error:
        raise Complaint(f"{sentence(str(error))}") from error
    finally:
        here.database.dispose()


def require_current(database: Database) -> None:
    """Raise Complaint if the tables are not those of this release."""
    fault = schema_fault(database.version())
    if fault:
        raise Complaint(sentence(fault))


def require_environment(here: Place) -> None:
    """Raise Complaint if the database or the store was made for another environment."""
    store = store_fault(here.settings) if here.settings.redis_url else ""
    faults = [fault for fault in (database_fault(here.database), store) if fault]
    if faults:
        raise Complaint("\n".join(faults))


def sentence(text: str) -> str:
    """A reason as a sentence: capital first, full stop last."""
    whole = text[:1].upper() + text[1:]
    return whole if whole.endswith((".", "!", "?")) else f"{whole}."


def find_served(db: DbSession, slug: str) -> Implementation:
    """The implementation of this id, for what only one that is served can do. Raises Complaint."""
    found = find_implementation(db, slug)
    if found.archived_at is not None:
        raise Complaint(f"{slug} is archived. Restore it with `session-status implementation restore {slug}`.")
    return found


def find_implementation(db: DbSession, slug: str) -> Implementation:
    """The implementation of this id. Raises Complaint which names those that are there."""
    found = implementations.find_any(db, slug)
    if found is None:
        known = listed(one.slug for one in implementations.every(db))
        raise Complaint(
            f"There is no implementation {slug!r}. There is: {known}. Add one with `session-status implementation add`."
        )
    return found
