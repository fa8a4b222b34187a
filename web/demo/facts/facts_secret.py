"""The secret with which the demo's learning site signs its pushes: made at the first start, and again if it is not valid."""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime
from pathlib import Path

from records import Database, SecretBox
from records.audit import AuditContext
from records.changes import facts
from records.facts import hook_secrets
from records.maintenance.development_stand_ins import UP
from records.tenants import implementations
from web.demo.agenda import IMPLEMENTATION

from .fact_pushes import KEY_FILE


def provide(database: Database, box: SecretBox, folder: Path) -> None:
    """Write a valid secret into the demo's folder, unless there is one. Raises RuleViolation if too many are valid."""
    file = folder / KEY_FILE
    with database.session() as db:
        demo = implementations.find(db, IMPLEMENTATION)
        assert demo is not None
        valid = hook_secrets.keys(db, box, demo, datetime.now(UTC))
        if file.exists() and base64.b64decode(file.read_text().strip().removeprefix("whsec_")) in valid:
            return
        text = facts.make_secret(db, box, demo, AuditContext(UP)).value.text
    new_file = file.with_suffix(".new")
    new_file.unlink(missing_ok=True)
    with os.fdopen(os.open(new_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(text + "\n")
    new_file.replace(file)
