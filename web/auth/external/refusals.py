"""Why a login by External Authentication came to nothing, in two voices.

`code` is for us and stands in the log; `text` is for the person, and says only what a stranger may know. Whoever asks
wrongly learns the same from every wrong answer: which half was wrong, or whether somebody exists, is nobody's business.
"""

from __future__ import annotations

from http import HTTPStatus

from records import support_references

NEUTRAL = "That login did not work. Please try again."
AWAY = "The registration system does not answer at the moment. Please try again in a minute."
BROKEN = "The registration system gave an answer that we cannot read. Please ask the organizer."
TOO_OFTEN = "That were too many attempts. Please wait a moment and try again."
NOT_OFFERED = "This login is not offered here."

#: Seconds after which a client may hope that a vendor is back: as long as its breaker stays open.
AWAY_S = 15


class ExternalLoginRefused(Exception):
    """Nobody was logged in. Neither `code` nor `text` holds anything of what was sent.

    `status` is 401 for who did not prove who they are, 403 for who did but may not come in, 404 for what is not offered,
    429 and 503 with `retry_after` in seconds, 502 for an answer of the organizer's side that makes no sense.
    `reference` may be told to everybody: by it the code is found in the log. `user` is the person's key, where the
    organizer's side has confirmed it.
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
    """The organizer's side does not answer: nobody's credentials are to blame."""
    return ExternalLoginRefused(code, AWAY, HTTPStatus.SERVICE_UNAVAILABLE, retry_after)


def broken(code: str) -> ExternalLoginRefused:
    """The organizer's side answers, but not with what was agreed."""
    return ExternalLoginRefused(code, BROKEN, HTTPStatus.BAD_GATEWAY)


def unreached(what: str, kind: str) -> ExternalLoginRefused:
    """No usable answer came, for this kind of reason (`OutboundRequestFailed.kind`): some get better by waiting, others do not."""
    return broken(f"{what} {kind}") if kind in {"refused", "too large"} else away(f"{what} {kind}")


def too_often(code: str, retry_after: int) -> ExternalLoginRefused:
    """More attempts than allowed; says nothing about whether they were right."""
    return ExternalLoginRefused(code, TOO_OFTEN, HTTPStatus.TOO_MANY_REQUESTS, retry_after)


def not_offered(code: str) -> ExternalLoginRefused:
    """The implementation has no such way in."""
    return ExternalLoginRefused(code, NOT_OFFERED, HTTPStatus.NOT_FOUND)
