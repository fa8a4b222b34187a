"""The environment of a local run, which an operator provides on a server: a data folder, free ports, and a store."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from runner.settings.operator_settings import Settings
from runner.settings.readers import LARGEST_PORT
from runner.store.embedded import EmbeddedStore, StoreError
from runner.store.mark_administration import NotMarked, adopt_own
from web.cli.common.errors import CommandFailed
from web.cli.common.running_note import LOCK, running_note

from .start_command import StartCommand, port_fault


@contextmanager
def only_one(folder: Path, command: StartCommand) -> Iterator[None]:
    """Lock the data folder, so that two `up` cannot share it. The lock ends with the process."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "logs").mkdir(exist_ok=True)
        (folder / "demo").mkdir(exist_ok=True)
        file = (folder / LOCK).open("a+")
    except OSError as error:
        raise CommandFailed(
            f"The data folder cannot be used: {folder}: {error.strerror}. Choose another: --data-folder."
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            address = running_note(folder).get("SESSION_STATUS_PUBLIC_URL", "")
            raise CommandFailed(
                f"Another `session-status up` uses {folder}{address and f' and answers at {address}'}. "
                "Stop it with Ctrl-C in its terminal, or start another one with its own folder: "
                f"`{command.beside()}`."
            ) from None
        yield


def require_free(ports: Mapping[str, int], command: StartCommand) -> None:
    """Raise CommandFailed if a port is in use, or two parts have the same port. `ports` is by option."""
    taken: set[int] = set()
    for option, port in ports.items():
        if port in taken:
            raise CommandFailed(f"Port {port} is used twice. Choose another port with {option}.")
        fault = port_fault(port)
        if fault:
            raise CommandFailed(
                f"Port {port} cannot be used: {fault}. Stop the program that uses it, or use other ports: `{command.elsewhere()}`."
            )
        taken.add(port)


def require_real(ports: Mapping[str, int], command: StartCommand) -> None:
    """Raise CommandFailed if a port is not valid."""
    for port in ports.values():
        if not 0 < port <= LARGEST_PORT:
            raise CommandFailed(
                f"{port} is not a port: ports are numbers from 1 to {LARGEST_PORT}. Use others: `{command.elsewhere()}`."
            )


@contextmanager
def store(settings: Settings) -> Iterator[str]:
    """Return the address of the store in the settings, or of an embedded one, which runs within the block."""
    if settings.redis_url:
        yield settings.redis_url
        return
    own = EmbeddedStore(settings.data_folder / "store")
    try:
        address = own.start()
    except StoreError as error:
        raise CommandFailed(str(error)) from None
    try:
        made_for = marked(address, settings)
        if made_for != settings.environment:
            raise CommandFailed(
                f"The store in {settings.data_folder} was made for {made_for}. Choose another folder: --data-folder."
            )
        yield address
    finally:
        own.stop()


def marked(address: str, settings: Settings) -> str:
    """Mark our own store with its environment, unless it has a mark; return the mark."""
    try:
        return adopt_own(address, settings.environment)
    except NotMarked as error:
        raise CommandFailed(str(error)) from error
