"""Where a command works: the settings and the records, and how the running processes learn of a change.

`up` leaves a note in its data folder (addresses, nothing secret), so that a command in another terminal finds the
running demo without any setting. An ENV or a DATABASE_URL of one's own always wins over the note.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from records import Database, DbSession, Implementation, RecordsError, SecretBox, User
from records.changes.after_commit import AfterCommit
from records.people import actors, users
from records.support import lookup
from records.tenants import implementations
from runner.health.start_checks import database_fault, schema_fault, store_fault
from runner.logins import StoreAway
from runner.settings.operator_settings import Settings, SettingsError
from runner.status.commit_effects import CommitEffects, open_commit_effects
from web.demo.agenda import IMPLEMENTATION as DEMO

from . import missing_data
from .errors import CommandFailed, listed
from .render import plain
from .running_note import running_note

ENV = "SESSION_STATUS_ENV"
#: What is said of a change that changes nothing.
UNCHANGED = "Nothing was changed."

T = TypeVar("T")


def environment(given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment, completed by the note of a running `up` where it is silent."""
    own = dict(given)
    if own.get(ENV, "development") != "development" or "DATABASE_URL" in own:
        return own
    return {**running_note(missing_data.data_folder(own)), **own}


def read_settings(given: Mapping[str, str] | None = None, *, make: bool = False) -> Settings:
    """The settings. Raises CommandFailed with all faults, and with the way out for a newcomer.

    `make` is as in `Settings.from_environment`.
    """
    try:
        return Settings.from_environment(environment() if given is None else given, make=make)
    except SettingsError as error:
        text = str(error)
    if missing_data.nothing_is_set(os.environ):
        text += f"\nTo look around, start the demo with `session-status up`, or set {ENV}=development."
    raise CommandFailed(text)


def read_settings_of_data() -> Settings:
    """The settings, where the data that they name has been made. Raises CommandFailed."""
    settings = read_settings()
    fault = "" if settings.production else missing_data.fault(settings)
    if fault:
        raise CommandFailed(fault)
    return settings


def require_told(given: Mapping[str, str]) -> None:
    """Raise CommandFailed for a newcomer whose demo is not running here, rather than name the settings of a server."""
    if missing_data.is_newcomer(given):
        raise CommandFailed(missing_data.no_demo(missing_data.data_folder(given)))


class CommandContext:
    """What most commands need: settings, records, and the box that seals secrets."""

    def __init__(self) -> None:
        require_told(environment())
        self.settings = read_settings_of_data()
        self.database = open_database(self.settings)

    @property
    def box(self) -> SecretBox:
        """Seals and opens connection secrets."""
        return SecretBox(self.settings.keys)

    def commit(self, change: Callable[[DbSession], AfterCommit[T]]) -> AfterCommit[T]:
        """Make a change in one transaction; after the commit, tell the running processes and end logins, as it says.

        Without a store there is no process that has to know, and no login that could be ended.
        """
        if not self.settings.redis_url:
            with self.database.session() as db:
                return change(db)
        with open_commit_effects(self.settings) as effects:
            with self.database.session() as db:
                after = change(db)
                _before_commit(effects, after)
            if not effects.after_commit(after):
                _say_not_followed(after)
        return after


def _before_commit(effects: CommitEffects, after: AfterCommit[Any]) -> None:
    try:
        effects.before_commit(after)
    except StoreAway:
        raise CommandFailed("Nothing was changed: the store does not answer, so no login could be ended.") from None


def _say_not_followed(after: AfterCommit[Any]) -> None:
    """Say what the store did not do. Raises CommandFailed if logins may be left."""
    if not after.subjects and not after.retired:
        click.echo("The store does not answer, so running processes will notice the change a little later.", err=True)
        return
    if not after.retired:
        raise CommandFailed("It is done in the database, but the store does not answer: logins may still be there.")
    raise CommandFailed(
        f"It is done in the database, but the store does not answer: logins of {after.slug} may still be there. "
        "Nothing is served to them, and an implementation that is made later under this slug does not take them."
    )


def open_database(settings: Settings) -> Database:
    """The records. Raises CommandFailed when the address cannot be one."""
    try:
        return Database(settings.database_url, environment=settings.environment)
    except RecordsError as error:
        raise CommandFailed(f"The database cannot be used: {error}.") from None


@contextmanager
def open_context() -> Iterator[CommandContext]:
    """Open the place of a command; whatever the records refuse or cannot do becomes a sentence."""
    here = CommandContext()
    try:
        require_current(here.database)
        require_environment(here)
        yield here
    except RecordsError as error:
        raise CommandFailed(f"{sentence(str(error))}") from error
    finally:
        here.database.dispose()


def require_current(database: Database) -> None:
    """Raise CommandFailed if the tables are not those of this release."""
    fault = schema_fault(database.version())
    if fault:
        raise CommandFailed(sentence(fault))


def require_environment(here: CommandContext) -> None:
    """Raise CommandFailed if the database or the store was made for another environment."""
    store = store_fault(here.settings) if here.settings.redis_url else ""
    faults = [fault for fault in (database_fault(here.database), store) if fault]
    if faults:
        raise CommandFailed("\n".join(faults))


def sentence(text: str) -> str:
    """A reason as a sentence: capital first, full stop last."""
    whole = text[:1].upper() + text[1:]
    return whole if whole.endswith((".", "!", "?")) else f"{whole}."


def find_served(db: DbSession, slug: str) -> Implementation:
    """The implementation of this id, for what only one that is served can do. Raises CommandFailed."""
    found = find_implementation(db, slug)
    if found.archived_at is not None:
        raise CommandFailed(f"{slug} is archived. Restore it with `session-status implementation restore {slug}`.")
    return found


def find_user(db: DbSession, implementation: Implementation, subject: str) -> User:
    """The user whom scripts know by this id. Raises CommandFailed."""
    found = users.find(db, implementation, subject)
    if found is None:
        raise CommandFailed(
            f"{implementation.slug} has never seen a user {subject!r}. "
            f"`session-status users list {implementation.slug}` lists those it has."
        )
    return found


def find_person(db: DbSession, implementation: Implementation, text: str) -> User:
    """The user with this id, or the one whose name, username or badge ID it is. Raises CommandFailed."""
    found = lookup.people(db, implementation, text)
    if len(found) == 1:
        return found[0]
    if not found:
        raise CommandFailed(
            f"{implementation.slug} knows no user {text!r}: no user ID, username, badge ID or name. "
            f"`session-status users list {implementation.slug}` lists those it has."
        )
    raise CommandFailed(several(implementation, "user", text, [(each.subject, actors.name_of(each)) for each in found]))


def several(implementation: Implementation, what: str, text: str, candidates: Iterable[tuple[str, str]]) -> str:
    """Say that more than one user or session fits, and list their keys and names."""
    lines = "\n".join(f"    {plain(key)}  {plain(name)}" for key, name in candidates)
    return f"More than one {what} of {implementation.slug} fits {text!r}. Give one of these IDs:\n{lines}"


def find_implementation(db: DbSession, slug: str) -> Implementation:
    """The implementation of this id. Raises CommandFailed which names those that are there."""
    found = implementations.find_any(db, slug)
    if found is None:
        known = listed(one.slug for one in implementations.every(db))
        way = (
            "`session-status up` makes the demo" if slug == DEMO else "Add one with `session-status implementation add`"
        )
        raise CommandFailed(f"There is no implementation {slug!r}. There is: {known}. {way}.")
    return found
