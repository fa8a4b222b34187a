"""What crosses the store for a check: the order with the text, and the reply with the findings and the compiled code.

Both are sealed with a key of the settings. Whoever can write to the store could otherwise choose the code that is stored for an
innocent text, and whoever can read it would see secrets that were pasted into a draft. A seal names its place, so that an order or a
reply opens for one check only: the reply to another text, or of another implementation, is none.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from records import RecordsError, SecretBox
from runner.queues.job_arguments import OrderRefused
from runner.queues.job_orders import CLOCKS_S
from sandbox import API_LEVEL, RUNTIME_KEY, CallLiteral, CheckResult, Finding, MessageLiteral, Severity

#: Key of the list of the ids of waiting orders.
WAITING = "ck:waiting"
#: Seconds after which an order or a reply that nobody took is gone from the store.
KEPT_S = 15


class ReplyUnreadable(Exception):
    """A reply or a kept check is not ours, or a worker of another release wrote it."""


@dataclass(frozen=True, slots=True)
class CheckOrder:
    """A text to check, and whose it is."""

    id: str
    implementation: str  #: slug
    source: str
    ordered_at: int  #: Unix seconds

    @property
    def key(self) -> str:
        """Where the order waits in the store."""
        return order_key(self.id)

    @property
    def reply_key(self) -> str:
        """Where the reply is waited for."""
        return f"ck:reply:{self.id}"


@dataclass(frozen=True, slots=True)
class CheckReply:
    """What a worker answers: the result, with the key of the runtime that its code is for, or None if there is none."""

    result: CheckResult | None
    runtime_key: str = RUNTIME_KEY


class CheckSealer:
    """Seals orders and replies, and opens those that one of our keys sealed for their place."""

    def __init__(self, box: SecretBox) -> None:
        self._box = box

    def sealed_order(self, order: CheckOrder) -> bytes:
        """Seal an order."""
        text = json.dumps([order.implementation, order.source, order.ordered_at], ensure_ascii=False)
        return self._box.seal(text, place=_place_of_order(order.id))

    def order_of(self, order_id: str, sealed: bytes) -> CheckOrder:
        """Open an order. Raises `OrderRefused`."""
        # 1. One of our keys sealed it, for this id.
        try:
            text = self._box.open(sealed, place=_place_of_order(order_id))
        except RecordsError:
            raise OrderRefused("must be sealed with a key of the settings, for this check") from None
        # 2. It is parsed only now, and has the shape of an order.
        try:
            implementation, source, ordered_at = json.loads(text)
            age_s = time.time() - ordered_at
        except (ValueError, TypeError):
            raise OrderRefused("must be an order of this release") from None
        # 3. It is recent, and not an old one that is replayed.
        if not -CLOCKS_S <= age_s <= KEPT_S + CLOCKS_S:
            raise OrderRefused("the order is too old")
        return CheckOrder(order_id, implementation, source, ordered_at)

    def sealed_reply(self, order: CheckOrder, reply: CheckReply) -> bytes:
        """Seal the reply to an order."""
        return self._box.seal(_text_of(reply), place=_place_of_reply(order))

    def reply_of(self, order: CheckOrder, sealed: bytes) -> CheckReply:
        """Open the reply to an order. Raises `ReplyUnreadable` for any other."""
        return self._opened(sealed, _place_of_reply(order))

    def sealed_kept(self, implementation: str, name: str, reply: CheckReply) -> bytes:
        """Seal a check that is kept for the next look, without the code, which a look does not need."""
        result = replace(reply.result, code=None) if reply.result else None
        return self._box.seal(_text_of(replace(reply, result=result)), place=_place_of_kept(implementation, name))

    def kept_of(self, implementation: str, name: str, sealed: bytes) -> CheckReply:
        """Open a kept check. Raises `ReplyUnreadable`."""
        return self._opened(sealed, _place_of_kept(implementation, name))

    def _opened(self, sealed: bytes, place: str) -> CheckReply:
        try:
            text = self._box.open(sealed, place=place)
        except RecordsError:
            raise ReplyUnreadable("it is not sealed with our key for this check") from None
        try:
            values = json.loads(text)
            result = values["result"]
            return CheckReply(None if result is None else _result_of(result), str(values["runtime_key"]))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise ReplyUnreadable(f"it has another shape ({type(error).__name__})") from error


def order_key(order_id: str) -> str:
    """Return where an order waits in the store."""
    return f"ck:order:{order_id}"


def name_of(source: str) -> str:
    """Return the name under which the check of a text is kept: other rules, another Python or another level give another."""
    return hashlib.sha256(f"{RUNTIME_KEY}\n{API_LEVEL}\n{_digest(source)}".encode()).hexdigest()


def _text_of(reply: CheckReply) -> str:
    result = None if reply.result is None else _json_of(reply.result)
    return json.dumps({"runtime_key": reply.runtime_key, "result": result}, ensure_ascii=False)


def _json_of(result: CheckResult) -> dict[str, Any]:
    code = None if result.code is None else result.code.hex()
    return asdict(replace(result, code=None)) | {"code": code}


def _result_of(values: Mapping[str, Any]) -> CheckResult:
    found = dict(values)
    found["findings"] = tuple(Finding(**one | {"severity": Severity(one["severity"])}) for one in values["findings"])
    found["literals"] = tuple(MessageLiteral(**one) for one in values["literals"])
    found["calls"] = tuple(CallLiteral(**one) for one in values["calls"])
    found["settings"] = tuple(values["settings"])
    found["setting_places"] = tuple((line, column) for line, column in values["setting_places"])
    found["code"] = None if values["code"] is None else bytes.fromhex(values["code"])
    return CheckResult(**found)


def _place_of_order(order_id: str) -> str:
    return f"check order {order_id}"


def _place_of_reply(order: CheckOrder) -> str:
    return f"check reply {order.id} {order.implementation} {_digest(order.source)}"


def _place_of_kept(implementation: str, name: str) -> str:
    return f"kept check {implementation} {name}"


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
