"""Why a login by External Authentication was refused: a code for the log, and a text for the person.

The text says only what an attacker may know: it does not reveal whether badge or name was wrong, or whether the person
exists.
"""

from __future__ import annotations

from http import HTTPStatus

from records import support_references

NEUTRAL = "That login did not work. Please try again."
AWAY = "The registration system does not answer at the moment. Please try again in a minute."
BROKEN = "The registration system gave an invalid answer. Please ask the organizer."
TOO_OFTEN = "Too many attempts. Please wait a moment and try again."
NOT_OFFERED = "This login is not offered here."

#: Seconds until a vendor may be available again: as long as its circuit breaker stays open.
AWAY_S = 15


class ExternalLoginRefused(Exception):
    """The login was refused. Neither `code` nor `text` contains any input.

    `status` is 401 if the proof was not valid, 403 if the person may not log in, 404 if the method is not offered, 429 or
    503 with `retry_after` in seconds, and 502 if the organizer's system gave an invalid answer. `reference` may be shown
    to anyone: it leads to the code in the log. `user` is the person's key, if the organizer's system has confirmed it.
    """

    def __init__(
        self,
        code: str,
        text: str = NEUTRAL,
        status: HTTPStatus = HTTPStatus.UNAUTHORIZED,
        retry_after: int | None = None,
        *,
        user: str = "",
    ) -> None:
        super().__init__(code)
        self.code = code
        self.text = text
        self.status = status
        self.retry_after = retry_after
        self.user = user
        self.reference = support_references.new()


def away(code: str, retry_after: int = AWAY_S) -> ExternalLoginRefused:
    """The organizer's system does not answer, so the credentials could not be checked."""
    return ExternalLoginRefused(code, AWAY, HTTPStatus.SERVICE_UNAVAILABLE, retry_after)


def broken(code: str) -> ExternalLoginRefused:
    """The organizer's system gave an invalid answer."""
    return ExternalLoginRefused(code, BROKEN, HTTPStatus.BAD_GATEWAY)


def unreached(what: str, kind: str) -> ExternalLoginRefused:
    """There was no usable answer. Depending on the reason (`OutboundRequestFailed.kind`), waiting may help or not."""
    return broken(f"{what} {kind}") if kind in {"refused", "too large"} else away(f"{what} {kind}")


def too_often(code: str, retry_after: int) -> ExternalLoginRefused:
    """There were too many attempts. This does not say whether they were right."""
    return ExternalLoginRefused(code, TOO_OFTEN, HTTPStatus.TOO_MANY_REQUESTS, retry_after)


def not_offered(code: str) -> ExternalLoginRefused:
    """The implementation does not offer this login method."""
    return ExternalLoginRefused(code, NOT_OFFERED, HTTPStatus.NOT_FOUND)
