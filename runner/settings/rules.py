"""The rules between settings: the development stand-ins, and what production requires.

Stand-ins are made or accepted here only, so that it is easy to see that production accepts none of them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from records.ip_addresses import is_loopback

from . import addresses
from .key_strength import HOW, KEY_CHARS, shape_fault, weakness

PREFIX = "SESSION_STATUS_"
KEY_FILE = "secret-key"


def fill_in(values: dict[str, Any], *, make: bool) -> list[str]:
    """Fill in the development stand-ins, none of which production accepts; return the faults. Without `make`, nothing is written."""
    home = values["data_folder"]
    values["public_url"] = values["public_url"] or f"http://{values['web_bind']}"
    values["database_url"] = values["database_url"] or own_database(home)
    try:
        if not make:
            values["secret_key"] = values["secret_key"] or stored_key(home)
            return []
        home.mkdir(parents=True, exist_ok=True, mode=0o700)  # it will contain personal data
        values["secret_key"] = values["secret_key"] or generated_key(home)
    except OSError as error:
        reason = error.strerror or error
        return [f"{PREFIX}DATA_FOLDER: {home} cannot be used: {reason}. Name a folder that this user may write to."]
    return []


def own_database(home: Path) -> str:
    """Return the address of the database in a data folder, for a development run that names none."""
    return f"sqlite:///{home / 'session-status.db'}"


def stored_key(home: Path) -> str:
    """Return the key that a development run has generated; "" if there is none."""
    path = home / KEY_FILE
    return path.read_text().strip() if path.is_file() else ""


def generated_key(home: Path) -> str:
    """Return the key of a development run; it is generated once, readable by its owner only."""
    path = home / KEY_FILE
    if not path.exists():
        fresh = home / f"{KEY_FILE}.{secrets.token_hex(4)}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(32))
        try:
            path.hardlink_to(fresh)  # fails if another process was quicker; then its key is used
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return stored_key(home)


def rules(values: dict[str, Any], development_only: Mapping[str, str]) -> list[str]:
    """Check the rules between settings, and what production requires; return the faults.

    `development_only` are the settings that production refuses: name to attribute.
    """
    faults = []
    if values["web_waiting"] >= values["web_threads"]:
        faults.append(
            f"{PREFIX}WEB_WAITING must be less than {PREFIX}WEB_THREADS, or waiting requests block the server. Lower it."
        )
    values["database_url"] = driver(values["database_url"])
    faults += address_faults(values)
    faults += key_faults(values)
    faults += mail_faults(values)
    if values["environment"] == "production":
        faults += production_faults(values, development_only)
    return faults


def driver(url: str) -> str:
    """Return the address with our driver, psycopg 3: hosting providers give postgres:// addresses."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def address_faults(values: dict[str, Any]) -> list[str]:
    """Check the addresses that are set, and bring each into its plain form. Two contain passwords, so no fault quotes them."""
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
    """Check the form of the keys. Production also checks the strength of the key that signs.

    An earlier key may be weak: it is needed to seal its secrets again with a better one.
    """
    faults = []
    shape = shape_fault(values["secret_key"])
    if shape:
        faults.append(f"{PREFIX}SECRET_KEY {shape}. Make one: {HOW}")
    if any(len(key) < KEY_CHARS or shape_fault(key) for key in values["secret_keys_old"]):
        faults.append(f"{PREFIX}SECRET_KEYS_OLD must be a comma list of keys, each of at least {KEY_CHARS} characters.")
    if values["secret_key"] and values["secret_key"] in values["secret_keys_old"]:
        faults.append(f"{PREFIX}SECRET_KEYS_OLD must not contain the key that signs now. Remove it.")
    return faults


def mail_faults(values: dict[str, Any]) -> list[str]:
    """Check that mail is either off, or complete and encrypted."""
    host, named = values["mail_host"], bool(values["mail_username"])
    here = is_loopback(host)
    demands = (
        (bool(host) or not values["mail_sender"], f"{PREFIX}MAIL_HOST must be set, because {PREFIX}MAIL_SENDER is"),
        (not host or bool(values["mail_sender"]), f"{PREFIX}MAIL_SENDER must be set, because {PREFIX}MAIL_HOST is"),
        (
            not host or values["mail_tls"] != "none" or here,
            f"{PREFIX}MAIL_TLS must not be none, because {host} is not this machine. Set starttls or implicit",
        ),
        (
            named == bool(values["mail_password"]),
            f"{PREFIX}MAIL_USERNAME and {PREFIX}MAIL_PASSWORD must both be set, or neither",
        ),
    )
    return [f"{what}." for met, what in demands if not met]


def production_faults(values: dict[str, Any], development_only: Mapping[str, str]) -> list[str]:
    """Refuse development stand-ins, and do not only warn about them.

    SQLite is not one: on one machine it is a real database. It is accepted if DATABASE_URL names it, and never chosen
    silently. The embedded store is one: it ends with the process that started it.
    """
    here = f"{PREFIX}ENV is production"
    weak = weakness(values["secret_key"])
    plain = values["public_url"].partition("://")[0]
    demands = (
        (not weak, f"{PREFIX}SECRET_KEY {weak}. Make one with {HOW}"),
        (bool(values["database_url"]), "DATABASE_URL must be set. Name a PostgreSQL server or an SQLite file"),
        (bool(values["redis_url"]), "REDIS_URL must be set. Name a Valkey or Redis server"),
        # Any other scheme is a fault in `address_faults`.
        (plain not in ("", "http"), f"{PREFIX}PUBLIC_URL must start with https://. Set it"),
        (not values["data_folder"].is_file(), f"{PREFIX}DATA_FOLDER must be a folder; this is a file. Name another"),
        *(
            (not values[attribute], f"{name} is for development. Remove it")
            for name, attribute in development_only.items()
        ),
    )
    return [f"{what}, because {here}." for met, what in demands if not met]
