"""The data folder: whether the current user can use it, and if not, who must own it."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from pathlib import Path

from runner.settings.operator_settings import Settings

from .doctor_lines import DoctorFinding

PART = "data folder"
SETTING = "SESSION_STATUS_DATA_FOLDER"


def folder_lines(settings: Settings) -> Iterator[DoctorFinding]:
    """Return the finding about the data folder. Nothing is created: it is sufficient that the folder could be created."""
    folder = settings.data_folder
    if not settings.data_folder_is_used:
        yield DoctorFinding(PART, "ok", f"{folder} is not used: the database and the store are elsewhere")
        return
    reason = fault(folder)
    if reason:
        yield DoctorFinding(PART, "fail", f"{folder} cannot be used: {reason}", remedy(folder))
    else:
        yield DoctorFinding(PART, "ok", str(folder))


def fault(folder: Path) -> str:
    """Say why the folder, or files in it, cannot be created; "" if they can."""
    try:
        found = next(path for path in (folder, *folder.parents) if path.exists())
    except OSError as error:
        return error.strerror or str(error)
    if not found.is_dir():
        return f"{found} is a file"
    if not os.access(found, os.W_OK | os.X_OK):
        return f"{found} belongs to {user_name(found.stat().st_uid)}, and {user_name(os.geteuid())} may not write there"
    return ""


def remedy(folder: Path) -> str:
    """Return who must own the folder, and the command for that."""
    me = user_name(os.geteuid())
    return f"it must belong to {me}: as root, install -d -m 700 -o {me} {folder}; or set {SETTING} to another folder"


def user_name(number: int) -> str:
    """Return the name of a user of this machine. LOGNAME is not used, because it can name the calling user."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"user {number}"
