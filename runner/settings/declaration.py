"""How a setting of the operator is declared and read. It is separate from the table so that the table has room to grow."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field
from typing import Any

from .rules import PREFIX


def setting(name: str, read: Callable[[str], Any], default: Any, what: str, **details: Any) -> Any:
    """Return a field of `Settings`; `details` are `unit`, `secret` and `development_only`: what production refuses."""
    help_text = f"{what}; development only" if details.get("development_only") else what
    about = {"name": name, "read": read, "help": help_text, **details}
    return field(default=default, repr=not details.get("secret"), metadata=about)


@dataclass(frozen=True)
class Setting:
    """One line of the table: what the reference page and `doctor` say about a setting."""

    name: str
    attribute: str
    help: str
    default: Any
    unit: str
    secret: bool
    development_only: bool
    read: Callable[[str], Any] = field(repr=False)


def describe(entry: Field[Any]) -> Setting:
    """Return the table's line for a field."""
    about = entry.metadata
    assert entry.default is not MISSING
    return Setting(
        name=about["name"],
        attribute=entry.name,
        help=about["help"],
        default=entry.default,
        unit=about.get("unit", ""),
        secret=about.get("secret", False),
        development_only=about.get("development_only", False),
        read=about["read"],
    )


#: What an author's command line reads beside the settings: where its service is, and its author token.
AUTHORS_OWN = frozenset({f"{PREFIX}SERVICE", f"{PREFIX}TOKEN"})


def read_all(table: Sequence[Setting], env: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Read each setting on its own; return the values by attribute, and the faults of single settings."""
    values = {entry.attribute: entry.default for entry in table}
    faults = []
    for entry in table:
        raw = env.get(entry.name, "")
        if not raw.strip():
            continue
        try:
            values[entry.attribute] = entry.read(raw)
        except ValueError as error:
            shown = "" if entry.secret else f" This is {raw!r}."
            faults.append(f"{entry.name} {error}.{shown} It means: {entry.help}.")
    return values, faults + unknown_names(table, env)


def unknown_names(table: Sequence[Setting], env: Mapping[str, str]) -> list[str]:
    """Return a fault for each name with our prefix that is not in the table, because a misspelt setting must not go unnoticed."""
    known = [entry.name for entry in table]
    faults = []
    for name in sorted(env):
        if not name.startswith(PREFIX) or name in known or name in AUTHORS_OWN:
            continue
        close = difflib.get_close_matches(name, known, n=1)
        faults.append(f"There is no setting {name}." + (f" Did you mean {close[0]}?" if close else " Remove it."))
    return faults
