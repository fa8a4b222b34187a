"""Asks a service over HTTP, with the author token of the environment.

The token is in no argument, no error and no output. It is sent to the named service only: a redirect is not followed. An
answer is read up to a limit and must be JSON; its texts are made safe for a terminal where they are shown.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from functools import wraps
from http.client import HTTPException
from typing import IO, Any, Final, ParamSpec, TypeVar
from urllib.parse import quote, urlencode

import click

from web.cli.common.errors import CommandFailed
from web.cli.common.service_option import SERVICE, service_of
from web.cli.common.terminal_text import plain

P = ParamSpec("P")
R = TypeVar("R")

TOKEN: Final = "SESSION_STATUS_TOKEN"  # noqa: S105 - the name of a variable
#: Seconds to wait for bytes of an answer: a check may take some.
WAIT_S: Final = 30.0
#: Most bytes of an answer.
LARGEST: Final = 32 * 1024 * 1024


class ServiceProblem(CommandFailed):
    """The service refused; `members` are those of its problem details."""

    def __init__(self, status: int, text: str, members: Mapping[str, Any]) -> None:
        super().__init__(text)
        self.status = status
        self.members = members


def reads_answers(command: Callable[P, R]) -> Callable[P, R]:
    """Report an answer that has not the form of ours, as one of a server that is none of ours has not."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (LookupError, TypeError, AttributeError, ValueError) as odd:
            raise CommandFailed("The service answers, but not as Session Status does. Is the address right?") from odd

    return run


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow none: another address must not get the token."""


class ServiceClient:
    """The authors' endpoints of one implementation."""

    def __init__(self, address: str, implementation: str, token: str) -> None:
        self._base = f"{address}/api/v1/implementations/{quote(implementation, safe='')}"
        self._address = address
        self._token = token
        # To this machine without a proxy: it would read the token, which over https it cannot.
        direct = [urllib.request.ProxyHandler({})] if address.startswith("http:") else []
        self._opener = urllib.request.build_opener(_NoRedirects, *direct)

    @classmethod
    def of(cls, ctx: click.Context, implementation: str) -> ServiceClient:
        """Return the client for a command. Raises CommandFailed without a service or a token."""
        address, token = service_of(ctx), os.environ.get(TOKEN, "").strip()
        if address is None:
            raise CommandFailed(
                f"Say where the service is: session-status --service https://status.example.org {ctx.command_path.partition(' ')[2]} … "
                f"(or set {SERVICE})."
            )
        if not token:
            raise CommandFailed(f"Set {TOKEN} to your author token. The operator or the console makes one for you.")
        if not token.isascii() or not token.isprintable() or " " in token:
            raise CommandFailed(f"{TOKEN} is not an author token: it has characters that no token has.")
        return cls(address, implementation, token)

    def get(self, path: str, **query: Any) -> Any:
        """Return what the service answers. Raises `ServiceProblem`, and CommandFailed if there is no usable answer."""
        given = {name: str(value) for name, value in query.items() if value is not None}
        return self._ask("GET", path + (f"?{urlencode(given)}" if given else ""), None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Send a JSON object, and return what the service answers. Raises as `get` does."""
        return self._ask("POST", path, json.dumps(body).encode())

    def _ask(self, method: str, path: str, body: bytes | None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self._base + path, data=body, headers=headers, method=method)  # noqa: S310 - only http and https
        try:
            with self._opener.open(request, timeout=WAIT_S) as answer:
                return self._json(_read(answer))
        except urllib.error.HTTPError as refused:
            with refused:
                raise self._problem(refused) from None
        except urllib.error.URLError as error:
            reason = getattr(error.reason, "strerror", None) or error.reason
            raise CommandFailed(f"{self._address} does not answer: {plain(str(reason))}.") from None
        except (HTTPException, OSError) as error:
            raise CommandFailed(f"{self._address} did not answer as it should: {type(error).__name__}.") from None

    def _json(self, data: bytes) -> Any:
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            raise CommandFailed(
                f"{self._address} answers, but not as Session Status does. Is the address right?"
            ) from None

    def _problem(self, refused: urllib.error.HTTPError) -> CommandFailed:
        if refused.code in (301, 302, 303, 307, 308):
            return CommandFailed(
                f"{self._address} leads to another address, which does not get your token. Name that one."
            )
        try:
            told = json.loads(_read(refused))
        except (ValueError, RecursionError, OSError, HTTPException):
            told = None
        if not isinstance(told, dict) or not isinstance(told.get("detail"), str):
            return CommandFailed(
                f"{self._address} answers {refused.code}, but not as Session Status does. Is the address right?"
            )
        text = plain(told["detail"])
        if refused.code == 429 and refused.headers.get("Retry-After"):
            text += f" (Retry-After: {plain(refused.headers['Retry-After'])} s)"
        return ServiceProblem(refused.code, text, told)


def _read(answer: IO[bytes]) -> bytes:
    data = answer.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise CommandFailed("The answer of the service is too large.")
    return data
