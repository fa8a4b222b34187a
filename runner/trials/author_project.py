"""The files that `script new` writes: a script with its cases, types for editors, and a check for the vendor's own repository."""

from __future__ import annotations

import json
from typing import Any

from sandbox import STUB_MODULE, script_stubs

#: The files of a folder that a new release may change, and that no author edits.
TYPES = (f"typings/{STUB_MODULE}.pyi",)

SCRIPT = '''"""CE credit: claim it at the vendor's site, and see "Credit claimed" after coming back.

Connection  cme        the vendor's system
Settings    claim_url  where attendees claim, for example https://cme.example.org/claim
"""

from session_status import Api, Message, Session, User, hidden, message, with_query

GREEN = "#006109"


def status(user: User, session: Session, api: Api) -> Message:
    if session.credits is None:
        return hidden()
    answer = api.get("cme", "/claims", params={"user": user.id, "session": session.id})
    if not answer.ok:
        # Never guess: after a failed run, the app still shows the last good message, with its age.
        raise ValueError(f"The vendor answered {answer.status}")
    if answer.json()["claimed"]:
        return message("Credit claimed", color=GREEN)
    link = with_query(api.settings["claim_url"], session=session.id, return_to=api.return_url())
    return message(f"Claim {session.credits} CE credit", link=link)
'''

_CALL = {"connection": "cme", "method": "GET", "path": "/claims", "query": {"user": "165", "session": "CE-101"}}
_SESSION = {
    "id": "CE-101",
    "title": "Sepsis in 2026",
    "starts_at": "2026-05-04T13:00:00Z",
    "ends_at": "2026-05-04T14:00:00Z",
    "credits": "1.0",
}
_INPUT = {
    "user": {"id": "165", "first_name": "Mei", "last_name": "Example"},
    "session": _SESSION,
    "now": "2026-05-04T14:10:00Z",
    "settings": {"claim_url": "https://cme.example.org/claim"},
    "link_hosts": ["cme.example.org"],
}
_CLAIM = {
    "text": "Claim 1.0 CE credit",
    "link": "https://cme.example.org/claim?session=CE-101&return_to=https%3A%2F%2Fstatus.example.org%2Fr%2Freturn-token",
}

README = """# A script for Session Status

`script.py` decides which message a session shows to an attendee. The folders beside it are its cases: what is asked
(`input.json`), what the vendor answers (`answers.json`), and what must come out (`expected.json`). What a folder lacks is
taken from the folder around it.

| step | command |
|---|---|
| write, with the message drawn at every save | `session-status script dev .` |
| check the script | `session-status script check .` |
| run the cases | `session-status script test .` |
| find out what else it can show | `session-status script explore .` |
| save real answers of your test system | `session-status script record CASE` |
| hand it in | `session-status --service ADDRESS script submit IMPLEMENTATION .` |
| see what became of it | `session-status --service ADDRESS script status IMPLEMENTATION` |

The last two need an author token in `SESSION_STATUS_TOKEN`. Never write it, or a secret of the vendor, into a file here.
Editors complete `user`, `session` and `api` by the types in `typings/`.
"""

PYPROJECT = """# For type checkers and editors only: there is nothing to build here.
[tool.mypy]
mypy_path = "typings"
check_untyped_defs = true

[tool.pyright]
stubPath = "typings"
"""

IGNORED = """connections.json
.mypy_cache/
"""

WORKFLOW = """# Checks the script and runs its cases at every change.
name: session status script
on: [push, pull_request]
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.11"
      - run: python -m pip install session-status
      - run: session-status script check .
      - run: session-status script test .
        env:
          # The runner is thrown away, and the script is your own.
          SESSION_STATUS_JAIL: "off"
"""


def project_files() -> dict[str, str]:
    """Return the text of each file by its path in the new folder."""
    claimed = {"outcome": "returned", "message": {"text": "Credit claimed", "color": "#006109"}}
    no_credit = {**_INPUT, "session": {name: value for name, value in _SESSION.items() if name != "credits"}}
    return {
        "script.py": SCRIPT,
        "input.json": _json(_INPUT),
        "answers.json": _json([{**_CALL, "json": {"claimed": False}}]),
        "expected.json": _json({"outcome": "returned", "message": _CLAIM}),
        "claimed/answers.json": _json([{**_CALL, "json": {"claimed": True}}]),
        "claimed/expected.json": _json(claimed),
        "no_credit/input.json": _json(no_credit),
        "no_credit/answers.json": _json([]),
        "no_credit/expected.json": _json({"outcome": "returned", "message": None}),
        "vendor_down/answers.json": _json([{**_CALL, "status": 503, "text": "down"}]),
        "vendor_down/expected.json": _json({"outcome": "raised", "error": {"type": "ValueError"}}),
        TYPES[0]: script_stubs(),
        "pyproject.toml": PYPROJECT,
        "README.md": README,
        ".gitignore": IGNORED,
        ".github/workflows/check.yml": WORKFLOW,
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
