"""Messages for when the data of a development run is missing, usually that of the demo: what is missing, and how to make it.

Only `up` and `db upgrade` make this data. Without these messages, any other command in an empty folder would make an empty
database, or, if nothing is set, ask a newcomer for the settings of production.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from runner.settings.operator_settings import SETTINGS, Settings
from runner.settings.rules import KEY_FILE, own_database

from .running_note import is_running

#: The clone of the repository that contains this file.
ROOT = Path(__file__).parents[3]
DATA_FOLDER = "SESSION_STATUS_DATA_FOLDER"
#: Settings that say neither where the records are nor what they are for; they alone count as nothing set.
_SAY_NOTHING = frozenset({DATA_FOLDER, "SESSION_STATUS_LOG_LEVEL", "SESSION_STATUS_LOG_FORMAT"})


def data_folder(env: Mapping[str, str]) -> Path:
    """Return the data folder that an environment names, or the default."""
    return Path(env.get(DATA_FOLDER, "").strip() or "data").expanduser().absolute()


def is_newcomer(env: Mapping[str, str]) -> bool:
    """Say whether a clone of the repository is used and nothing is set. Then the demo is wanted, not a server."""
    return is_clone() and nothing_is_set(env)


def nothing_is_set(env: Mapping[str, str]) -> bool:
    """Say whether no setting says where the records are or what they are for."""
    names = (one.name for one in SETTINGS if one.name not in _SAY_NOTHING)
    return not any(env.get(name, "").strip() for name in names)


def is_clone() -> bool:
    """Say whether this runs from a clone, not from an installed package."""
    return (ROOT / "Makefile").is_file()


def no_demo(folder: Path) -> str:
    """Say that no demo is running with this data folder, and how to start one."""
    servers = "On a server, set SESSION_STATUS_ENV=production; the missing settings are then listed."
    return f"{_no_demo(folder)}\n{servers}"


def _no_demo(folder: Path) -> str:
    other = ROOT / "data"
    if is_running(folder):
        return f"The demo in {folder} is still starting. Try again in a moment."
    if folder != other and is_running(other):
        return (
            f"No demo is running in {folder}, but one is running in {other}. Run this command in {ROOT}, or set "
            f"{DATA_FOLDER}={other} first."
        )
    if _database(folder).is_file():
        return f"The demo in {folder} is not running. Start it with {starting()}."
    return f"There is no demo in {folder}. Create and start one with {starting()}."


def fault(settings: Settings) -> str:
    """Say which data of a development run is missing, and how to make it; "" if nothing is missing."""
    folder = settings.data_folder
    if settings.database_is_own and not _database(folder).is_file():
        return (
            f"There is no data of a development run in {folder}. Create the demo with {starting()}, or an empty database with "
            "`session-status db upgrade`."
        )
    if not settings.secret_key:
        return (
            f"SESSION_STATUS_SECRET_KEY is not set, and there is no key in {folder / KEY_FILE}. Set it, or set {DATA_FOLDER} to "
            "the data folder that the database belongs to."
        )
    return ""


def starting() -> str:
    """Return the commands that create and start the demo."""
    if not is_clone():
        return "`session-status up`"
    return f"`make run`{'' if Path.cwd() == ROOT else f' in {ROOT}'} (or `session-status up` here)"


def _database(folder: Path) -> Path:
    return Path(own_database(folder).removeprefix("sqlite:///"))
