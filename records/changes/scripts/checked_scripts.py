"""A script that passed its check, and how it is stored as a version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from records.scripts import versions
from records.scripts.versions import Version
from records.tenants.implementations import Implementation
from records.tenants.script_needs import ScriptNeeds


@dataclass(frozen=True)
class CheckedScript:
    """A text that passed its check, with what the check found, and its code for one runtime."""

    source: str
    api_level: int
    findings: tuple[dict[str, Any], ...]
    needs: ScriptNeeds
    runtime_key: str
    code: bytes


def stored(db: Session, owner: Implementation, script: CheckedScript, author: str) -> Version:
    """Store a text as a version, or return the version that it already is. `author` is named beside a new one."""
    version = versions.add_version(
        db, owner, script.source, by=author, api_level=script.api_level, findings=script.findings
    )
    versions.keep_code(db, version, script.runtime_key, script.code)
    versions.keep_needs(db, version, script.needs)
    return version
