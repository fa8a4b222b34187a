"""The secret with which the demo's learning site signs its pushes: made at the first start, and again if it is not valid."""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime
from pathlib import Path

from records import DbSession, Implementation, SecretBox
from records.audit import AuditContext
from records.changes import facts
from records.facts import hook_secrets
from records.maintenance.development_stand_ins import UP

from .fact_pushes import KEY_FILE


def missing(db: DbSession, box: SecretBox, demo: Implementation, folder: Path) -> str:
    """Make a secret unless the demo's folder holds a valid one; return its text, or "". Raises RuleViolation if too many are valid.

    `write` it after the commit.
    """
    file = folder / KEY_FILE
    if file.exists():
        stored = base64.b64decode(file.read_text().strip().removeprefix("whsec_"))
        if stored in hook_secrets.keys(db, box, demo, datetime.now(UTC)):
            return ""
    return facts.make_secret(db, box, demo, AuditContext(UP)).value.text


def write(folder: Path, text: str) -> None:
    """Write a secret into the demo's folder; "" leaves the one that is there."""
    if not text:
        return
    new_file = (folder / KEY_FILE).with_suffix(".new")
    new_file.unlink(missing_ok=True)
    with os.fdopen(os.open(new_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text + "\n")
    new_file.replace(folder / KEY_FILE)
