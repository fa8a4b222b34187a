"""The learning site's pushes: while the switch is on, it tells the service who has claimed which credit, before anybody asks.

So the demo shows the same message in two ways: by a call, and by facts. A push that fails is noted on the control page, and
the script asks the site as before.
"""

from __future__ import annotations

import base64
import json
import logging
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from runner.background.webhook_signature import signed_headers
from web.demo.agenda import AGENDA, IMPLEMENTATION, PEOPLE
from web.demo.ledger import Ledger

TIMEOUT_S: Final = 5.0
VENDOR: Final = "ethosce"
#: The file with the secret, in the demo's folder.
KEY_FILE: Final = "facts-secret"
NOT_YET: Final = "Nothing was pushed yet."

log = logging.getLogger(__name__)


class FactPushes:
    """The switch and its pushes. The files in `folder` keep the switch, and hold the secret, which `up` writes."""

    def __init__(self, folder: Path, ledger: Ledger, service_url: str) -> None:
        self._switch, self._secret = folder / "facts-on", folder / KEY_FILE
        self._ledger = ledger
        self._service = urlsplit(service_url)
        self.last = NOT_YET  #: what became of the last push, in a sentence

    @property
    def on(self) -> bool:
        """Whether the site pushes."""
        return self._switch.exists()

    def switch(self, *, on: bool) -> None:
        """Begin with everything that is known, or stop; what the service knows then stays there until it is replaced."""
        if not on:
            self._switch.unlink(missing_ok=True)
            return
        self._switch.touch()
        self.push_all()

    def push_all(self) -> None:
        """Push what is known of everybody, a call for each session with credits. Does nothing while the switch is off."""
        for session in (each.session_id for each in AGENDA if each.credits):
            self.push(session, [person.member_number for person in PEOPLE])

    def push(self, session: str, users: Iterable[str]) -> None:
        """Push whether these users have claimed the credit of a session. Does nothing while the switch is off."""
        if not self.on:
            return
        facts = {user: {"claimed": session in self._ledger.seen(VENDOR, user)} for user in users}
        body = json.dumps({"session": session, "at": datetime.now(UTC).isoformat(), "facts": facts}).encode()
        try:
            self.last = f"{session}: {self._send(body)}"
        except (OSError, HTTPException) as error:
            self.last = f"{session}: the service did not answer ({type(error).__name__})."
        log.info("facts pushed %s", self.last)

    def _send(self, body: bytes) -> str:
        key = base64.b64decode(self._secret.read_text().strip().removeprefix("whsec_"))
        headers = signed_headers(f"msg_{secrets.token_hex(16)}", body, [key], datetime.now(UTC))
        connection = HTTPConnection(self._service.netloc, timeout=TIMEOUT_S)
        try:
            connection.request(
                "POST", f"/hooks/{IMPLEMENTATION}/facts", body, {**headers, "Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            return f"{answer.status} {answer.read(500).decode(errors='replace').strip()}"
        finally:
            connection.close()
