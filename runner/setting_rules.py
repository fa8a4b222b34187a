"""How settings go together: development's stand-ins, and what production demands.

Stand-ins are made or accepted here only, so that one can see at a glance that production takes none of them.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PREFIX = "SESSION_STATUS_"
#: A key that is shorter can be guessed; `python -c "import secrets; print(secrets.token_urlsafe(32))"` makes a good one.
KEY_CHARS = 32


def fill_in(values: dict[str, Any], *, make: bool) -> None:
    """The stand-ins of development, none of which production accepts. Without `make` nothing is written."""
    home = values["data_folder"]
    values["public_url"] = values["public_url"] or f"http://{values['web_bind']}"
    values["database_url"] = values["database_url"] or own_database(home)
    if make:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)  # it holds what attendees did
        values["secret_key"] = values["secret_key"] or generated_key(home)


def own_database(home: Path) -> str:
    """The database of a development run that names none."""
    return f"sqlite:///{home / 'session-status.db'}"


def generated_key(home: Path) -> str:
    """The key of a development server: made once, kept readable by its owner only."""
    path = home / "secret-key"
    if not path.exists():
        fresh = home / f"secret-key.{secrets.token_hex(4)}"
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(32))
        try:
            path.hardlink_to(fresh)  # fails if another process was quicker: then its key counts
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()


def rules(values: dict[str, Any]) -> list[str]:
    """What single settings cannot say: how they go together, and what production demands."""
    faults = []
    if values["web_waiting"] >= values["web_threads"]:
        faults.append(
            f"{PREFIX}WEB_WAITING must be below {PREFIX}WEB_THREADS, or waiting requests stop the server. Lower it."
        )
    values["database_url"] = driver(values["database_url"])
    faults += wrong_scheme("DATABASE_URL", values["database_url"], ("sqlite", "postgresql+psycopg"))
    faults += wrong_scheme("REDIS_URL", values["redis_url"], ("redis", "rediss", "unix"))
    faults += wrong_scheme(f"{PREFIX}PUBLIC_URL", values["public_url"], ("http", "https"))
    values["public_url"] = values["public_url"].rstrip("/")
    if values["environment"] == "production":
        faults += production_faults(values)
    return faults


def driver(url: str) -> str:
    """Providers hand out postgres:// addresses; ours is psycopg 3."""
    for scheme in ("postgres://", "postgresql://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def wrong_scheme(name: str, url: str, schemes: tuple[str, ...]) -> list[str]:
    """The fault of an address of another kind, if it is one."""
    if not url or urlsplit(url).scheme in schemes:
        return []
    return [f"{name} must start with {' or '.join(scheme + '://' for scheme in schemes)}. Correct the address."]


def production_faults(values: dict[str, Any]) -> list[str]:
    """Development's stand-ins are refused here, not only warned about.

    SQLite is no stand-in: on one machine it is a real database. It is accepted when DATABASE_URL names it, and never
    chosen silently. Our own store is one: it ends with the process that started it.
    """
    here = f"{PREFIX}ENV is production"
    demands = (
        (
            len(values["secret_key"]) >= KEY_CHARS,
            f"{PREFIX}SECRET_KEY must have at least {KEY_CHARS} characters. Set it",
        ),
        (bool(values["database_url"]), "DATABASE_URL must be set. Name a PostgreSQL server or an SQLite file"),
        (bool(values["redis_url"]), "REDIS_URL must be set. Name a Valkey or Redis server"),
        (values["public_url"].startswith("https://"), f"{PREFIX}PUBLIC_URL must start with https://. Set it"),
        (not values["sandbox_allow_weak"], f"{PREFIX}SANDBOX_ALLOW_WEAK is for development. Remove it"),
        (not values["allow_loopback_vendors"], f"{PREFIX}ALLOW_LOOPBACK_VENDORS is for development. Remove it"),
    )
    return [f"{what}, because {here}." for met, what in demands if not met]
