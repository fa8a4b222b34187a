"""How settings go together: development's stand-ins, and what production demands.

Stand-ins are made or accepted here only, so that one can see at a glance that production takes none of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import addresses
from .key_strength import HOW, KEY_CHARS, shape_fault, weakness

PREFIX = "SESSION_STATUS_"
KEY_FILE = "secret-key"


def fill_in(values: dict[str, Any], *, make: bool) -> list[str]:
    """The stand-ins of development, none of which production accepts; return the faults. Without `make` nothing is written."""
    home = values["data_folder"]
    values["public_url"] = values["public_url"] or f"http://{values['web_bind']}"
    values["database_url"] = values["database_url"] or own_database(home)
    try:
        if not make:
            values["secret_key"] = values["secret_key"] or kept_key(home)
            return []
        home.mkdir(parents=True, exist_ok=True, mode=0o700)  # it holds what attendees did
        values["secret_key"] = values["secret_key"] or generated_key(home)
    except OSError as error:
        reason = error.strerror or error
        return [f"{PREFIX}DATA_FOLDER: {home} cannot be used: {reason}. Name a folder in which this user may write."]
    return []


def own_database(home: Path) -> str:
    """The database of a development run that names none."""
    return f"sqlite:///{home / 'session-status.db'}"


def kept_key(home: Path) -> str:
    """The key that a development server has made; empty when there is none."""
    path = home / KEY_FILE
    return path.read_text().strip() if path.is_file() else ""


def generated_key(home: Path) -> str:
    """The key of a development server: made once, kept readable by its owner only."""
    path = home / KEY_FILE
    if not path.exists():
        fresh = home / f"{KEY_FILE}.{secrets.token_hex(4)}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(32))
        try:
            path.hardlink_to(fresh)  # fails if another process was quicker: then its key counts
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return kept_key(home)


def rules(values: dict[str, Any], development_only: Mapping[str, str]) -> list[str]:
    """What single settings cannot say: how they go together, and what production demands.

    `development_only` are the settings that production refuses: name to attribute.
    """
    faults = []
    if values["web_waiting"] >= values["web_threads"]:
        faults.append(
            f"{PREFIX}WEB_WAITING must be below {PREFIX}WEB_THREADS, or waiting requests stop the server. Lower it."
        )
    values["database_url"] = driver(values["database_url"])
    faults += address_faults(values)
    faults += key_faults(values)
    if values["environment"] == "production":
        faults += production_faults(values, development_only)
    return faults


def driver(url: str) -> str:
    """Providers hand out postgres:// addresses; ours is psycopg 3."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def address_faults(values: dict[str, Any]) -> list[str]:
    """Check the addresses that are set, and put each into its plain form. Two hold passwords: no fault shows a part."""
    checks = (
        ("DATABASE_URL", "database_url", addresses.database),
        ("REDIS_URL", "redis_url", addresses.store),
        (f"{PREFIX}PUBLIC_URL", "public_url", addresses.origin),
    )
    faults = []
    for name, attribute, check in checks:
        try:
            values[attribute] = check(values[attribute]) if values[attribute] else ""
        except ValueError as fault:
            faults.append(f"{name} {fault}. Correct the address.")
    return faults


def key_faults(values: dict[str, Any]) -> list[str]:
    """Check that keys are keys. How good the one that signs has to be is for production to say.

    An earlier key may be a weak one: without it, what it sealed could not be sealed again with a better one.
    """
    faults = []
    shape = shape_fault(values["secret_key"])
    if shape:
        faults.append(f"{PREFIX}SECRET_KEY {shape}. Make one: {HOW}")
    if any(len(key) < KEY_CHARS or shape_fault(key) for key in values["secret_keys_old"]):
        faults.append(f"{PREFIX}SECRET_KEYS_OLD must be a comma list of keys, each of at least {KEY_CHARS} characters.")
    if values["secret_key"] and values["secret_key"] in values["secret_keys_old"]:
        faults.append(f"{PREFIX}SECRET_KEYS_OLD must not hold the key that signs now. Remove it.")
    return faults


def production_faults(values: dict[str, Any], development_only: Mapping[str, str]) -> list[str]:
    """Development's stand-ins are refused here, not only warned about.

    SQLite is no stand-in: on one machine it is a real database. It is accepted when DATABASE_URL names it, and never
    chosen silently. Our own store is one: it ends with the process that started it.
    """
    here = f"{PREFIX}ENV is production"
    weak = weakness(values["secret_key"])
    plain = values["public_url"].partition("://")[0]
    demands = (
        (not weak, f"{PREFIX}SECRET_KEY {weak}. Make one with {HOW}"),
        (bool(values["database_url"]), "DATABASE_URL must be set. Name a PostgreSQL server or an SQLite file"),
        (bool(values["redis_url"]), "REDIS_URL must be set. Name a Valkey or Redis server"),
        # What is neither http nor https is a fault by itself.
        (plain not in ("", "http"), f"{PREFIX}PUBLIC_URL must start with https://. Set it"),
        (not values["data_folder"].is_file(), f"{PREFIX}DATA_FOLDER must be a folder; this is a file. Name another"),
        *(
            (not values[attribute], f"{name} is for development. Remove it")
            for name, attribute in development_only.items()
        ),
    )
    return [f"{what}, because {here}." for met, what in demands if not met]
