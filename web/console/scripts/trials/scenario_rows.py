"""The scenarios of a submission: what its author handed in, with the message that each is to show."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from records import Implementation

from .drawn_messages import DrawnMessage

#: Characters of one file that the page shows.
LONGEST = 20_000


@dataclass(frozen=True)
class ScenarioRow:
    """One scenario. `message` is None if it expects something other than a message, or hides what it expects."""

    name: str
    message: DrawnMessage | None
    files: tuple[tuple[str, str], ...]  #: what each file holds


def scenario_rows(scenarios: Sequence[Any], owner: Implementation) -> list[ScenarioRow]:
    """Return the scenarios as the page shows them. Any JSON may be in them."""
    return [
        ScenarioRow(
            str(one["name"]),
            _message(one["expected"], owner),
            tuple((words, _json(one[name])) for name, words in _FILES),
        )
        for one in scenarios
    ]


_FILES = (("input", "Input"), ("answers", "Answers of vendors"), ("expected", "Expected"))


def _message(expected: Any, owner: Implementation) -> DrawnMessage | None:
    if not isinstance(expected, dict) or "message" not in expected:
        return None
    message = expected["message"]
    if message is None:
        return DrawnMessage.of(None, owner)
    return DrawnMessage.of(message, owner) if isinstance(message, dict) else None


def _json(value: Any) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n… {len(text) - LONGEST} more characters"
