"""The password relay: badge ID and last name go to the registration vendor, who says whether they belong together.

For organizers who can offer no better method. What was typed passes through memory once: it is not stored, not hashed,
not logged and not returned. It replaces whole values of a JSON template, so that a quote or brace in it cannot change
the structure of the request.
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
_MAX_INDEX: Final = 4  #: digits of an index
LONGEST: Final = 255  #: characters of the username, and of the password
#: Statuses by which vendors say that the two do not match. All get the same text, which does not say which one is wrong.
WRONG_STATUSES: Final = frozenset({400, 401, 403, 404, 410, 422})
_AWAY_STATUSES: Final = frozenset({408, 425, 429})
_LONGEST_WAIT_S: Final = 300
_SERVER_FAILED: Final = 500
_OK: Final = range(200, 300)


@dataclass(frozen=True)
class Condition:
    """A path in the answer, and the value that must be there."""

    path: str
    equals: Any

    def holds(self, answer: Any) -> bool:
        """Say whether the value is there."""
        return written(at(answer, self.path)) == written(self.equals)


@dataclass(frozen=True)
class RegistrationVendor:
    """A registration vendor as an implementation configures it."""

    implementation: str
    url: str
    auth: Auth
    template: dict[str, Any]
    result: dict[str, str]  #: field -> its path in the answer
    accepted: Condition | None = None
    excluded_types: tuple[str, ...] = ()
    excluded_text: str = ""
    opted_out: Condition | None = None
    opted_out_text: str = ""
    username_label: str = ""
    password_label: str = ""


@dataclass(frozen=True)
class Registrant:
    """The person, as the vendor describes them."""

    subject: str = field(repr=False)
    known: dict[str, Any] = field(repr=False)  #: by the names of `RegistrationVendor.result`


class BadgeOrNameWrong(ExternalLoginRefused):
    """The two do not match. The text does not say which of them is wrong."""

    def __init__(self, relay: RegistrationVendor, code: str) -> None:
        labels = f"{relay.username_label or 'Badge ID'} and {relay.password_label or 'Last name'}"
        super().__init__(code, f"{labels} do not match a registration. Please check both and try again.")


class RegistrantBarred(ExternalLoginRefused):
    """The two match, but the organizer does not admit this registrant."""

    def __init__(self, code: str, text: str, user: str) -> None:
        super().__init__(code, text or "This registration cannot log in here.", HTTPStatus.FORBIDDEN, user=user)


def ask(relay: RegistrationVendor, username: str, password: str, outbound: OutboundRequests) -> Registrant:
    """Ask the vendor. Raises `ExternalLoginRefused`.

    1. Both are short lines of text.
    2. They replace whole values of the template, and are sent once.
    3. The status of the answer means: not available, no, or yes.
    4. The content of the answer says yes (`accepted`) and who the person is.
    5. Only with the right badge and name is the reason given: an excluded registration type, or an opt-out.
    """
    # 1. lines
    if not all(0 < len(text) <= LONGEST and text.isprintable() for text in (username, password)):
        raise BadgeOrNameWrong(relay, "not a line of text")
    # 2. ask
    filling = {USERNAME: username, PASSWORD: password}
    try:
        answer = outbound.post(
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
    """Return the registration types of an answer (one, or a list), in the form in which they are compared."""
    kinds = said if isinstance(said, list) else [said]
    return {line_of(kind, 100).casefold() for kind in kinds} - {""}


def filled(template: Any, values: dict[str, str]) -> Any:
    """Replace each string of a template that is exactly a placeholder; everything else stays as it is."""
    if isinstance(template, dict):
        return {name: filled(inner, values) for name, inner in template.items()}
    if isinstance(template, list):
        return [filled(inner, values) for inner in template]
    return values.get(template, template) if isinstance(template, str) else template


def at(answer: Any, path: str) -> Any:
    """Return the value at a path such as `data/0/id`; None if there is none."""
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
    """Return a plain value as it is written in a setting: `true`, `1`, `Active`; None for an object, a list or null."""
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
        raise BadgeOrNameWrong(relay, "vendor named nobody")  # such vendors say no with an empty answer
    try:
        subject = subject_of(known.get("subject"))
    except ValueError:
        raise broken("vendor's subject") from None
    known["opted_out"] = relay.opted_out is not None and relay.opted_out.holds(content)
    return Registrant(subject, known)
