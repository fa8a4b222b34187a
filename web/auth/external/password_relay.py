"""The password relay: badge ID and last name go to the registration vendor, who says whether they belong together.

For organizers who have nothing better. What was typed passes through memory once: it is not stored, not hashed into
anything that stays, not logged and not given back. It fills whole values of a JSON template, so that no quote or brace
in it can become part of the request's form.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from runner.powers import Auth
from runner.powers.outbound_requests import FetchedDocument, OutboundRequestFailed, OutboundRequests

from .refusals import ExternalLoginRefused, away, broken, unreached
from .strict_json import line_of, read_json, subject_of

BREAKER: Final = "password login"
USERNAME: Final = "{username}"
PASSWORD: Final = "{password}"  # noqa: S105 - a placeholder
_MAX_INDEX: Final = 4  #: digits of a place in a list
LONGEST: Final = 255  #: characters of either
#: The answers by which vendors say that the two do not belong together. One text for all: who guesses learns no half.
WRONG_STATUSES: Final = frozenset({400, 401, 403, 404, 410, 422})
_AWAY_STATUSES: Final = frozenset({408, 425, 429})
_LONGEST_WAIT_S: Final = 300
_SERVER_FAILED: Final = 500
_OK: Final = range(200, 300)


@dataclass(frozen=True)
class Condition:
    """A place in the answer, and what has to stand there."""

    path: str
    equals: Any

    def holds(self, answer: Any) -> bool:
        """Say whether it stands there."""
        return written(at(answer, self.path)) == written(self.equals)


@dataclass(frozen=True)
class RegistrationVendor:
    """A registration vendor as an implementation configures it."""

    implementation: str
    url: str
    auth: Auth
    template: dict[str, Any]
    result: dict[str, str]  #: what we want to know -> its place in the answer
    accepted: Condition | None = None
    excluded_types: tuple[str, ...] = ()
    excluded_text: str = ""
    opted_out: Condition | None = None
    opted_out_text: str = ""
    username_label: str = ""
    password_label: str = ""


@dataclass(frozen=True)
class Registrant:
    """Who the vendor says it is."""

    subject: str = field(repr=False)
    known: dict[str, Any] = field(repr=False)  #: by the names of `RegistrationVendor.result`


class BadgeOrNameWrong(ExternalLoginRefused):
    """The two do not belong together; which of them is wrong, nobody is told."""

    def __init__(self, relay: RegistrationVendor, code: str) -> None:
        labels = f"{relay.username_label or 'Badge ID'} and {relay.password_label or 'Last name'}"
        super().__init__(code, f"{labels} do not match a registration. Please check both and try again.")


class RegistrantBarred(ExternalLoginRefused):
    """The two belong together, but the organizer does not let this registrant in."""

    def __init__(self, code: str, text: str, user: str) -> None:
        super().__init__(code, text or "This registration cannot log in here.", HTTPStatus.FORBIDDEN, user=user)


def ask(relay: RegistrationVendor, username: str, password: str, outreach: OutboundRequests) -> Registrant:
    """Ask the vendor; raises `ExternalLoginRefused`.

    1. Both are short lines of text.
    2. They fill the template, as whole values, and go out once.
    3. The answer's status: a vendor that is away, one that says no, one that says yes.
    4. The answer's content says yes (`accepted`), and who it is.
    5. Only who is right is told more: registration types that are excluded, registrants who opted out.
    """
    # 1. lines
    if not all(0 < len(text) <= LONGEST and text.isprintable() for text in (username, password)):
        raise BadgeOrNameWrong(relay, "not a line of text")
    # 2. ask
    filling = {USERNAME: username, PASSWORD: password}
    try:
        answer = outreach.post(
            relay.url,
            json=filled(relay.template, filling),
            auth=relay.auth,
            breaker=(relay.implementation, BREAKER),
        )
    except OutboundRequestFailed as failed:
        raise unreached("vendor", failed.kind) from None
    # 3. status
    _judge_status(relay, answer)
    # 4. content
    registrant = _read(relay, answer)
    # 5. who is kept out
    if _kinds(registrant.known.get("user_type")) & {excluded.strip().casefold() for excluded in relay.excluded_types}:
        raise RegistrantBarred("excluded", relay.excluded_text, registrant.subject)
    if registrant.known.get("opted_out"):
        raise RegistrantBarred("opted out", relay.opted_out_text, registrant.subject)
    return registrant


def _kinds(said: Any) -> set[str]:
    """The registration types which an answer names, as they are compared: one, or a list."""
    kinds = said if isinstance(said, list) else [said]
    return {line_of(kind, 100).casefold() for kind in kinds} - {""}


def filled(template: Any, values: dict[str, str]) -> Any:
    """Replace each whole text of a template that is a placeholder; everything else stays as it is."""
    if isinstance(template, dict):
        return {name: filled(inner, values) for name, inner in template.items()}
    if isinstance(template, list):
        return [filled(inner, values) for inner in template]
    return values.get(template, template) if isinstance(template, str) else template


def at(answer: Any, path: str) -> Any:
    """Give what stands at a path such as `data/0/id`; None if nothing does."""
    for step in path.split("/") if path else []:
        if isinstance(answer, dict):
            answer = answer.get(step)
        elif (
            isinstance(answer, list)
            and step.isascii()
            and step.isdigit()
            and len(step) <= _MAX_INDEX
            and int(step) < len(answer)
        ):
            answer = answer[int(step)]
        else:
            return None
    return answer


def written(value: Any) -> str | None:
    """A plain value as people write it into a setting: `true`, `1`, `Active`; None for what is no plain value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _judge_status(relay: RegistrationVendor, answer: FetchedDocument) -> None:
    if answer.status in _OK:
        return
    if answer.status in WRONG_STATUSES:
        raise BadgeOrNameWrong(relay, f"vendor answered {answer.status}")
    if answer.status >= _SERVER_FAILED or answer.status in _AWAY_STATUSES:
        asked_for = answer.headers.get("retry-after", "")
        wait_s = int(asked_for[:6]) if asked_for.isascii() and asked_for.isdigit() else 0
        raise away(f"vendor answered {answer.status}", *([min(wait_s, _LONGEST_WAIT_S)] if wait_s else []))
    raise broken(f"vendor answered {answer.status}")


def _read(relay: RegistrationVendor, answer: FetchedDocument) -> Registrant:
    try:
        content = read_json(answer.body)
    except ValueError:
        raise broken("vendor unreadable") from None
    if relay.accepted is not None and not relay.accepted.holds(content):
        raise BadgeOrNameWrong(relay, "vendor did not accept")
    known = {name: at(content, path) for name, path in relay.result.items() if path}
    if known.get("subject") in (None, "") and relay.accepted is None:
        raise BadgeOrNameWrong(relay, "vendor named nobody")  # an empty answer is how such vendors say no
    try:
        subject = subject_of(known.get("subject"))
    except ValueError:
        raise broken("vendor's subject") from None
    known["opted_out"] = relay.opted_out is not None and relay.opted_out.holds(content)
    return Registrant(subject, known)
