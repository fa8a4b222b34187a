"""The note that a running `up` writes into its data folder, for commands in other terminals."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

#: The files of a running `up` in its data folder.
NOTE = "running.json"
LOCK = "up.lock"


def running_note(folder: Path) -> dict[str, str]:
    """Return the note of the `up` that is running with a data folder; empty if none is running."""
    if not is_running(folder):
        return {}
    try:
        note = json.loads((folder / NOTE).read_text())
    except (OSError, ValueError):  # it is still starting
        return {}
    return {str(name): str(value) for name, value in note.items()} if isinstance(note, dict) else {}


def is_running(folder: Path) -> bool:
    """Say whether an `up` is running with the data folder. One that was killed leaves its note, but no lock."""
    try:
        with (folder / LOCK).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # there is no lock, or no folder
        return False
    return False
