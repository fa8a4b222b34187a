"""Makes a case of a recorded run: the files that `session-status script test` reads, without the person they are about.

Bodies of vendors' answers that were not kept with the run, the author types in. The person's ID, names, badge and
e-mail address get stand-ins, the same in all files, so that calls and messages still fit together.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

from records import Implementation, Run
from runner.powers.answers.answer_redaction import AnswerRedaction

from .trial_input import with_trial_return

#: What stands for the person, by field of the user. A value of one character is not looked for in other texts.
STAND_INS: Final = {
    "id": "user-1",
    "username": "person-1@example.org",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "badge_id": "badge-1",
}
_SHORTEST: Final = 2
#: What INPUT has of what a run was given.
_INPUT: Final[tuple[str, ...]] = ("user", "session", "now", "settings", "scans", "minutes", "facts", "facts_at")
#: Faults of calls as ANSWERS spells them; any other is a failed connection.
_ERRORS: Final = ("timeout", "refused", "connection", "breaker open", "too large")
ANSWERS_KEPT: Final = "answers.json has what the vendors answered; look through it before you send it to anybody."
ANSWERS_MISSING: Final = (
    "What the vendors answered was not kept with the run: type it into answers.json, where it says so, without people and "
    "secrets."
)
BODY_MISSING: Final = "The body of the answer is not kept with a run: type it in, without people and secrets."

README: Final = """This is run {run} of {owner} as a case for `session-status script test`.

The person is replaced by a stand-in; look through the attributes in input.json, which are kept.
{answers}
Then run, in this folder:

    session-status script test .
"""


def case_files(
    run: Run, owner: Implementation, *, public_url: str, source: str | None, kept: Sequence[Any] | None = None
) -> dict[str, str]:
    """Return the files of the case by name. Without `source` there is no script: the author has it.

    `kept` are the answers that were kept with the run; None if there are none.
    """
    answers = [_answer(call) for call in run.calls] if kept is None else list(kept)
    stand_ins = _StandIns(run.given.get("user") or {})
    script_input: dict[str, Any] = {name: run.given[name] for name in _INPUT if name in run.given}
    script_input["link_hosts"] = list(owner.link_hosts)
    told = ANSWERS_MISSING if kept is None and run.calls else ANSWERS_KEPT
    files = {
        "input.json": _json(stand_ins.value(script_input)),
        "answers.json": _json([stand_ins.value(answer) for answer in answers]),
        "expected.json": _json(stand_ins.value(_expected(run, owner, public_url))),
        "README.md": README.format(run=run.reference, owner=owner.slug, answers=told),
    }
    return files if source is None else {"script.py": source, **files}


def zipped(folder: str, files: Mapping[str, str]) -> bytes:
    """Return files as a ZIP archive with one folder."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(f"{folder}/{name}", text)
    return made.getvalue()


class _StandIns:
    """Replaces the person of a run in JSON values."""

    def __init__(self, user: Mapping[str, Any]) -> None:
        found = {str(user.get(name) or ""): stand_in for name, stand_in in STAND_INS.items()}
        self._found = {value: stand_in for value, stand_in in found.items() if len(value) >= _SHORTEST}
        longest = sorted(self._found, key=len, reverse=True)
        self._pattern = (
            re.compile("|".join(rf"(?<!\w){re.escape(value)}(?!\w)" for value in longest)) if longest else None
        )
        self._rest = AnswerRedaction(secrets=(), kept=tuple(STAND_INS.values()))

    def value(self, value: Any) -> Any:
        """Return the value without the person, and without e-mail addresses and secrets of known forms."""
        return self._rest.value(self._replaced(value))

    def _replaced(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._replaced(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._replaced(one) for one in value]
        if isinstance(value, str) and self._pattern:
            return self._pattern.sub(lambda found: self._found[found[0]], value)
        return value


def _answer(call: Mapping[str, Any]) -> dict[str, Any]:
    entry = {"connection": call["connection"], "method": call["method"], "path": call["path"]}
    query = dict(parse_qsl(call.get("query") or "", keep_blank_values=True))
    if query:
        entry["query"] = query
    if call.get("fault"):
        return entry | {"error": call["fault"] if call["fault"] in _ERRORS else "connection"}
    return entry | {"status": call.get("status") or 200, "json": {}, "comment": BODY_MISSING}


def _expected(run: Run, owner: Implementation, public_url: str) -> dict[str, Any]:
    """Return what happened: the message of a run that returned, else its error."""
    found: dict[str, Any] = {"outcome": run.outcome}
    if run.outcome != "returned":
        error = {name: run.error[name] for name in ("type", "line") if run.error.get(name)} if run.error else {}
        return found | ({"error": error} if error else {})
    if run.message is None:
        return found | {"message": None}
    message = {"text": run.message["text"]}
    if run.message.get("action"):
        message["link"] = with_trial_return(run.message["action"]["url"], public_url)
    if run.message.get("color") not in (None, owner.default_color):
        message["color"] = run.message["color"]
    return found | {"message": message}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
