"""The note that a running `up` leaves in its data folder, for commands in other terminals."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

#: What a running `up` leaves in its data folder, for commands in other terminals.
NOTE = "running.json"
LOCK = "up.lock"


def running_note(folder: Path) -> dict[str, str]:
    """The note that a running `up` left in its data folder; empty when none is running there."""
    if not is_running(folder):
        return {}
    try:
        note = json.loads((folder / NOTE).read_text())
    except (OSError, ValueError):  # it is still starting
        return {}
    return {str(name): str(value) for name, value in note.items()} if isinstance(note, dict) else {}


def is_running(folder: Path) -> bool:
    """Say whether an `up` holds the data folder. One that was killed left its note, but no lock."""
    try:
        with (folder / LOCK).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # there is no lock, or no folder
        return False
    return False
