"""The context of a command: the settings, the records, and how running processes are told about a change.

`up` writes a note into its data folder (addresses, no secrets), so that a command in another terminal finds the running demo
without any setting. SESSION_STATUS_ENV and DATABASE_URL in the environment take precedence over the note.
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
from .running_note import running_note
from .terminal_text import plain

ENV = "SESSION_STATUS_ENV"
#: The output for a change without effect.
UNCHANGED = "Nothing was changed."

T = TypeVar("T")


def environment(env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment, with missing values from the note of a running `up`."""
    own = dict(env)
    if own.get(ENV, "development") != "development" or "DATABASE_URL" in own:
        return own
    return {**running_note(missing_data.data_folder(own)), **own}


def read_settings(env: Mapping[str, str] | None = None, *, make: bool = False) -> Settings:
    """Return the settings. Raises CommandFailed with all faults, and with advice for newcomers.

    `make` is as in `Settings.from_environment`.
    """
    try:
        return Settings.from_environment(environment() if env is None else env, make=make)
    except SettingsError as error:
        text = str(error)
    if missing_data.nothing_is_set(os.environ):
        text += f"\nTo look around, start the demo with `session-status up`, or set {ENV}=development."
    raise CommandFailed(text)


def read_settings_of_data() -> Settings:
    """Return the settings. Raises CommandFailed if the data that they refer to does not exist."""
    settings = read_settings()
    fault = "" if settings.production else missing_data.fault(settings)
    if fault:
        raise CommandFailed(fault)
    return settings


def require_demo(env: Mapping[str, str]) -> None:
    """Raise CommandFailed for a newcomer whose demo is not running, instead of listing the settings of a server."""
    if missing_data.is_newcomer(env):
        raise CommandFailed(missing_data.no_demo(missing_data.data_folder(env)))


class CommandContext:
    """What most commands need: the settings, the database, and the box that seals secrets."""

    def __init__(self) -> None:
        require_demo(environment())
        self.settings = read_settings_of_data()
        self.database = open_database(self.settings)

    @property
    def box(self) -> SecretBox:
        """The box that seals and opens secrets."""
        return SecretBox(self.settings.keys)

    def commit(self, change: Callable[[DbSession], AfterCommit[T]]) -> AfterCommit[T]:
        """Make a change in one transaction; after the commit, tell the running processes and end logins, as it requires.

        Without a store, there is no process to tell and no login to end.
        """
        if not self.settings.redis_url:
            with self.database.session() as db:
                return change(db)
        with open_commit_effects(self.settings) as effects:
            with self.database.session() as db:
                after = change(db)
                _before_commit(effects, after)
            if not effects.after_commit(after):
                _report_store_away(after)
        return after


def _before_commit(effects: CommitEffects, after: AfterCommit[Any]) -> None:
    try:
        effects.before_commit(after)
    except StoreAway:
        raise CommandFailed("Nothing was changed: the store does not answer, so no login could be ended.") from None


def _report_store_away(after: AfterCommit[Any]) -> None:
    """Report that the store did not answer. Raises CommandFailed if some logins may not have ended."""
    if not after.subjects and not after.retired:
        click.echo("The store does not answer. Running processes will notice the change a little later.", err=True)
        return
    if not after.retired:
        raise CommandFailed("The database was changed, but the store does not answer: some logins may not have ended.")
    raise CommandFailed(
        f"The database was changed, but the store does not answer: some logins to {after.slug} may not have ended. "
        "They have no access, and a later implementation with the same slug does not accept them."
    )


def open_database(settings: Settings) -> Database:
    """Return the database. Raises CommandFailed if its address is not valid."""
    try:
        return Database(settings.database_url, environment=settings.environment)
    except RecordsError as error:
        raise CommandFailed(f"The database cannot be used: {error}.") from None


@contextmanager
def open_context() -> Iterator[CommandContext]:
    """Open the context of a command; errors of the records become CommandFailed."""
    context = CommandContext()
    try:
        require_current(context.database)
        require_environment(context)
        yield context
    except RecordsError as error:
        raise CommandFailed(f"{sentence(str(error))}") from error
    finally:
        context.database.dispose()


def require_current(database: Database) -> None:
    """Raise CommandFailed if the schema is not that of this release."""
    fault = schema_fault(database.version())
    if fault:
        raise CommandFailed(sentence(fault))


def require_environment(context: CommandContext) -> None:
    """Raise CommandFailed if the database or the store was made for another environment."""
    store = store_fault(context.settings) if context.settings.redis_url else ""
    faults = [fault for fault in (database_fault(context.database), store) if fault]
    if faults:
        raise CommandFailed("\n".join(faults))


def sentence(text: str) -> str:
    """Return a reason as a sentence, with a capital letter and a full stop."""
    whole = text[:1].upper() + text[1:]
    return whole if whole.endswith((".", "!", "?")) else f"{whole}."


def find_served(db: DbSession, slug: str) -> Implementation:
    """Return the implementation with this id. Raises CommandFailed if it is unknown or archived."""
    found = find_implementation(db, slug)
    if found.archived_at is not None:
        raise CommandFailed(f"{slug} is archived. Restore it with `session-status implementation restore {slug}`.")
    return found


def find_user(db: DbSession, implementation: Implementation, subject: str) -> User:
    """Return the user with this id. Raises CommandFailed."""
    found = users.find(db, implementation, subject)
    if found is None:
        raise CommandFailed(
            f"{implementation.slug} has no user {subject!r}. "
            f"`session-status users list {implementation.slug}` lists its users."
        )
    return found


def find_person(db: DbSession, implementation: Implementation, text: str) -> User:
    """Return the user with this id, name, username or badge ID. Raises CommandFailed."""
    found = lookup.people(db, implementation, text)
    if len(found) == 1:
        return found[0]
    if not found:
        raise CommandFailed(
            f"{implementation.slug} has no user with the ID, username, badge ID or name {text!r}. "
            f"`session-status users list {implementation.slug}` lists its users."
        )
    raise CommandFailed(several(implementation, "user", text, [(each.subject, actors.name_of(each)) for each in found]))


def several(implementation: Implementation, what: str, text: str, candidates: Iterable[tuple[str, str]]) -> str:
    """Say that more than one user or session matches, and list their keys and names."""
    lines = "\n".join(f"    {plain(key)}  {plain(name)}" for key, name in candidates)
    return f"More than one {what} of {implementation.slug} matches {text!r}. Use one of these IDs:\n{lines}"


def find_implementation(db: DbSession, slug: str) -> Implementation:
    """Return the implementation with this id. Raises CommandFailed, which lists the existing ones."""
    found = implementations.find_any(db, slug)
    if found is None:
        known = listed(one.slug for one in implementations.every(db))
        way = (
            "`session-status up` creates the demo"
            if slug == DEMO
            else "Add one with `session-status implementation add`"
        )
        raise CommandFailed(f"There is no implementation {slug!r}. Existing: {known}. {way}.")
    return found
