"""Finds secrets that were pasted into a script or a case: people read both, and both are kept for ever.

A finding never repeats the value.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from records.errors import FieldFault
from runner.powers.answers.secret_forms import find_secrets
from runner.powers.redaction import redact
from sandbox import Finding

RULE: Final = "pasted-secret"
_INSTEAD: Final = (
    "Remove it, and have it replaced, since others may have read it. A connection holds the secret of a vendor, and "
    "adds it to each call; other values are settings of the implementation (api.settings)."
)


def secret_findings(source: str) -> tuple[Finding, ...]:
    """Return a finding for each secret in a script."""
    return tuple(
        Finding(RULE, one.line, one.column, f"This looks like {one.kind}.", _why("A script"), _INSTEAD)
        for one in find_secrets(source)
    )


def case_faults(scenarios: Sequence[Mapping[str, Any]], note: str, own: Collection[str]) -> list[FieldFault]:
    """Return what must not be handed in with a script: secrets in its cases or its note, `own` ones in whatever form."""
    texts = [("note", note), *(_named_text(number, one) for number, one in enumerate(scenarios, 1))]
    faults = []
    for where, text in texts:
        kinds = [one.kind for one in find_secrets(text)] + ["a secret of a connection"] * holds_own_secret(text, own)
        if kinds:
            faults.append(
                FieldFault(where, f"must not contain {kinds[0]}: people read it. Remove it and have it replaced")
            )
    return faults


def holds_own_secret(text: str, own: Collection[str]) -> bool:
    """Say whether a text contains a secret of the implementation's connections, in any spelling."""
    return redact(text, own) != text


def own_secret_finding() -> Finding:
    """Return the finding for a script that contains a secret of a connection. It does not say where or which one."""
    what = "This script contains the secret of a connection of this implementation."
    return Finding(RULE, 1, 1, what, _why("A script"), _INSTEAD)


def _why(what: str) -> str:
    return f"{what} is read by people and kept for ever, so a secret in it is known to all of them."


def _named_text(number: int, scenario: Mapping[str, Any]) -> tuple[str, str]:
    text = json.dumps(scenario, ensure_ascii=False, default=str)
    return f"scenarios[{number - 1}]", text
