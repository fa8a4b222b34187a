"""The powers of a script: `api`, the responses to its calls, and `ApiError`.

Everything goes through the one function `call`, which the child connects to the broker; nothing is decided here.
Arguments are checked only to give helpful errors.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from sandbox.outcomes import CallFault

from .values.facade import named
from .values.frozen import Record
from .values.keywords import checked_keywords
from .values.messages import query_pairs
from .values.personal_data import beginning_of
from .values.plain_json import plain_json
from .values.value_text import text_of

#: The success class of RFC 9110.
_SUCCESS = range(200, 300)

#: Characters of an answer that is not JSON, in the error about it.
_SHOWN_CHARS = 80

#: `call(what, arguments) -> answer`, as in `call("log", {"text": "…"})`.
CallOut = Callable[[str, dict[str, Any]], dict[str, Any]]


class ApiError(Exception):
    """A call could not be made, or its answer is not JSON; scripts may catch this and read `kind` and `connection`."""

    def __init__(self, text: str = "", kind: str | None = None, connection: str | None = None) -> None:
        super().__init__(text)
        # scripts can raise one, too, and its attributes must be plain text
        self.kind = kind if type(kind) is str else None
        self.connection = connection if type(connection) is str else None


def call_functions(call: CallOut) -> dict[str, Callable[..., Any]]:
    """`get`, `post` and `log` for one run."""

    def get(connection: str, path: str, params: Any = None, headers: Any = None) -> Record:
        return _send(call, _request("GET", connection, path, params, headers))

    def post(connection: str, path: str, params: Any = None, json: Any = None, headers: Any = None) -> Record:
        request = _request("POST", connection, path, params, headers)
        if json is not None:
            request.update(json=plain_json(json, "api.post json"), has_json=True)
        return _send(call, request)

    def log(*values: Any, sep: str = " ") -> None:
        call("log", {"text": text_of(sep).join(map(text_of, values))})

    return {function.__name__: checked_keywords(f"Api.{function.__name__}", function) for function in (get, post, log)}


def print_function(log: Callable[..., Any]) -> Callable[..., None]:
    """`print`, which writes to the log of the run."""

    def print_(*values: Any, sep: str | None = " ", end: str | None = None, flush: bool = False) -> None:  # noqa: ARG001 -- accepted, although a log has neither
        log(*values, sep=" " if sep is None else sep)

    return named("print", print_)


def _request(method: str, connection: object, path: object, params: object, headers: object) -> dict[str, Any]:
    caller = f"api.{method.lower()}"
    if type(connection) is not str:
        raise TypeError(f'{caller}(connection, path): the connection must be a name, for example "ethosce"')
    if type(path) is not str:
        raise TypeError(f'{caller}(connection, path): the path must be a string, for example "/registrations"')
    if "://" in path.partition("?")[0] or not path.startswith("/") or path.startswith("//"):
        text = f'{caller}: the path must begin with one "/" and name no host; the connection knows its host'
        raise ApiError(text, CallFault.REFUSED.value, connection)
    return {
        "method": method,
        "connection": connection,
        "path": path,
        "params": [list(pair) for pair in query_pairs(params, caller)],
        "json": None,
        "has_json": False,
        "headers": [list(pair) for pair in query_pairs(headers, f"{caller} headers")],
    }


def _send(call: CallOut, request: dict[str, Any]) -> Record:
    answer = call("call", request)
    connection = request["connection"]
    if answer.get("fault") is not None:
        raise ApiError(str(answer.get("text", "")), str(answer["fault"]), connection)
    return _response(connection, answer)


def _response(connection: str, answer: Mapping[str, Any]) -> Record:
    status, text = int(answer["status"]), str(answer["text"])
    headers = {str(name).lower(): str(value) for name, value in answer["headers"].items()}

    def read_json() -> Any:
        try:
            return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
        except (ValueError, RecursionError) as error:
            begins = f"it begins {beginning_of(text, _SHOWN_CHARS)!r}" if text else "it is empty"
            what = (
                f"the answer of {connection[:_SHOWN_CHARS]} (status {status}) is not JSON; {begins}: {str(error)[:100]}"
            )
            raise ApiError(what, CallFault.NOT_JSON.value, connection) from None

    def header(name: str) -> str | None:
        if type(name) is not str:
            raise TypeError('response.header(name): the name must be a string, for example "content-type"')
        return headers.get(name.lower())

    fields = {
        "status": status,
        "ok": status in _SUCCESS,
        "text": text,
        "json": named("response.json", read_json),
        "header": checked_keywords("Response.header", header),
    }
    return Record("response", fields)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number
