"""What to say when a command does not find the data of a development run, above all the demo's: what is missing, and what makes it.

Only `up` and `db upgrade` make such data. Anything else in a folder without any would otherwise leave an empty one
behind, or, where nothing is set, ask a newcomer for the settings of production.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from runner.settings.operator_settings import SETTINGS, Settings
from runner.settings.rules import KEY_FILE, own_database

from .running_note import is_running

#: The clone of the repository that this is run from.
ROOT = Path(__file__).parents[3]
DATA_FOLDER = "SESSION_STATUS_DATA_FOLDER"
#: Settings that say neither where the records are nor for what: with these alone, nothing is set.
_SAY_NOTHING = frozenset({DATA_FOLDER, "SESSION_STATUS_LOG_LEVEL", "SESSION_STATUS_LOG_FORMAT"})


def data_folder(given: Mapping[str, str]) -> Path:
    """The data folder which an environment names, or the one that counts when it names none."""
    return Path(given.get(DATA_FOLDER, "").strip() or "data").expanduser().absolute()


def is_newcomer(given: Mapping[str, str]) -> bool:
    """Say whether somebody in a clone of the repository has set nothing: they look for the demo, not for a server's settings."""
    return is_clone() and nothing_is_set(given)


def nothing_is_set(given: Mapping[str, str]) -> bool:
    """Say whether no setting tells where the records are, or for what."""
    told = (one.name for one in SETTINGS if one.name not in _SAY_NOTHING)
    return not any(given.get(name, "").strip() for name in told)


def is_clone() -> bool:
    """Say whether this is run from a clone, and not from an installed package."""
    return (ROOT / "Makefile").is_file()


def no_demo(folder: Path) -> str:
    """Say that no demo is running with this data folder, and how to come to one."""
    servers = "On a server, set SESSION_STATUS_ENV=production: then the settings that are missing are named."
    return f"{_no_demo(folder)}\n{servers}"


def _no_demo(folder: Path) -> str:
    other = ROOT / "data"
    if is_running(folder):
        return f"The demo in {folder} is still starting: try again in a moment."
    if folder != other and is_running(other):
        return (
            f"No demo is running in {folder}, but one is in {other}: run this in {ROOT}, or set {DATA_FOLDER}={other} "
            "first."
        )
    if _database(folder).is_file():
        return f"The demo in {folder} is not running: start it with {starting()}."
    return f"There is no demo in {folder}: make one and start it with {starting()}."


def fault(settings: Settings) -> str:
    """Say what of a development run's data is missing, and how it is made; nothing when all is there."""
    folder = settings.data_folder
    if settings.database_is_own and not _database(folder).is_file():
        return (
            f"There is no data of a development run in {folder}: make the demo's with {starting()}, or an empty database "
            "with `session-status db upgrade`."
        )
    if not settings.secret_key:
        return (
            f"SESSION_STATUS_SECRET_KEY is not set, and there is no key in {folder / KEY_FILE}: set it, or set "
            f"{DATA_FOLDER} to the data folder of the run to which the database belongs."
        )
    return ""


def starting() -> str:
    """The commands that make and start the demo."""
    if not is_clone():
        return "`session-status up`"
    return f"`make run`{'' if Path.cwd() == ROOT else f' in {ROOT}'} (or `session-status up` here)"


def _database(folder: Path) -> Path:
    return Path(own_database(folder).removeprefix("sqlite:///"))
