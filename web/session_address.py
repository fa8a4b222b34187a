"""A session of an implementation, as addresses name it.

Both identifiers are checked here, once, before they are used; the error says what is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote

from records import fields
from web.problem_details import HttpProblem


@dataclass(frozen=True)
class SessionAddress:
    """A session of an implementation; both identifiers have been checked."""

    implementation: str
    session: str

    @classmethod
    def named(cls, implementation: str, session: str) -> SessionAddress:
        """Check both identifiers. Raises `HttpProblem` (400), which says which of them is wrong and why."""
        checked_implementation(implementation)
        if not fields.SESSION_ID.fullmatch(session):
            raise _malformed("session_id", f"A session's identifier {fields.SESSION_ID_RULE}.")
        return cls(implementation, session)

    @property
    def widget_path(self) -> str:
        """The widget page of this session."""
        return f"/widget/{self.implementation}/sessions/{self.session}"

    @property
    def app_path(self) -> str:
        """The address that redirects to this session in the app."""
        return f"/app/{self.implementation}/sessions/{self.session}"

    @property
    def login_path(self) -> str:
        """The login page that leads back to this session."""
        return f"/login/{self.implementation}?next={quote(self.app_path)}"

    @property
    def scanner_path(self) -> str:
        """The scanner page of this session."""
        return f"/scan/{self.implementation}/sessions/{quote(self.session, safe='')}"

    @property
    def scanner_login_path(self) -> str:
        """The login page that leads back to the scanner of this session."""
        return f"/login/{self.implementation}?next={quote(self.scanner_path)}"


def checked_implementation(implementation: str) -> str:
    """Return the identifier. Raises `HttpProblem` (400) if it cannot be one."""
    if not fields.SLUG.fullmatch(implementation):
        raise _malformed("implementation", f"An implementation's identifier {fields.SLUG_RULE}.")
    return implementation


def _malformed(field: str, detail: str) -> HttpProblem:
    return HttpProblem(HTTPStatus.BAD_REQUEST, detail, members={"field": field})
