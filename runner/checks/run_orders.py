"""What crosses the store for a run in the test pane: the order with the text and its input, and the reply with how it ended.

Both are sealed as those of checks are (`check_orders`), each for its place: a reply opens for the order that it answers only.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from records import RecordsError, SecretBox
from runner.queues.job_arguments import OrderRefused
from runner.queues.job_orders import CLOCKS_S
from runner.trials.trial_terms import TrialTerms
from sandbox import RunLimits, ScriptInput

from .check_orders import KEPT_S, ReplyUnreadable

#: Key of the list of the ids of waiting orders.
WAITING_RUNS = "ck:runs"


@dataclass(frozen=True, slots=True)
class ScriptRunOrder:
    """A text to run once, with its input, the answers of vendors, and the terms of its implementation."""

    id: str
    implementation: str  #: slug
    source: str
    terms: TrialTerms
    answers: list[Any]
    ordered_at: int  #: Unix seconds

    @property
    def reply_key(self) -> str:
        """Where the reply is waited for."""
        return f"ck:ran:{self.id}"


class RunSealer:
    """Seals orders and replies, and opens those that one of our keys sealed for their place."""

    def __init__(self, box: SecretBox) -> None:
        self._box = box

    def sealed_order(self, order: ScriptRunOrder) -> bytes:
        """Seal an order."""
        values = {
            "implementation": order.implementation,
            "source": order.source,
            "script_input": asdict(order.terms.script_input),
            "link_hosts": list(order.terms.link_hosts or ()),
            "limits": asdict(order.terms.limits),
            "allow_loopback": order.terms.allow_loopback,
            "answers": order.answers,
            "ordered_at": order.ordered_at,
        }
        return self._box.seal(json.dumps(values), place=_place_of_order(order.id))

    def order_of(self, order_id: str, sealed: bytes) -> ScriptRunOrder:
        """Open an order. Raises `OrderRefused`."""
        # 1. One of our keys sealed it, for this id.
        try:
            text = self._box.open(sealed, place=_place_of_order(order_id))
        except RecordsError:
            raise OrderRefused("must be sealed with a key of the settings, for this run") from None
        # 2. It is parsed only now, and has the shape of an order.
        try:
            order = _order_of(order_id, json.loads(text))
            age_s = time.time() - order.ordered_at
        except (ValueError, TypeError, KeyError):
            raise OrderRefused("must be an order of this release") from None
        # 3. It is recent, and not an old one that is replayed.
        if not -CLOCKS_S <= age_s <= KEPT_S + CLOCKS_S:
            raise OrderRefused("the order is too old")
        return order

    def sealed_reply(self, order: ScriptRunOrder, reply: Mapping[str, Any]) -> bytes:
        """Seal the reply to an order."""
        return self._box.seal(json.dumps(reply), place=_place_of_reply(order))

    def reply_of(self, order: ScriptRunOrder, sealed: bytes) -> dict[str, Any]:
        """Open the reply to an order. Raises `ReplyUnreadable` for any other."""
        try:
            found = json.loads(self._box.open(sealed, place=_place_of_reply(order)))
        except (RecordsError, ValueError):
            raise ReplyUnreadable("it is not sealed with our key for this run") from None
        if not isinstance(found, dict):
            raise ReplyUnreadable("it has another shape")
        return found


def run_order_key(order_id: str) -> str:
    """Return where an order waits in the store."""
    return f"ck:run:{order_id}"


def _order_of(order_id: str, values: Mapping[str, Any]) -> ScriptRunOrder:
    terms = TrialTerms(
        ScriptInput(**values["script_input"]),
        tuple(values["link_hosts"]),
        RunLimits(**values["limits"]),
        allow_loopback=values["allow_loopback"],
    )
    named = ("implementation", "source", "answers", "ordered_at")
    return ScriptRunOrder(id=order_id, terms=terms, **{name: values[name] for name in named})


def _place_of_order(order_id: str) -> str:
    return f"run order {order_id}"


def _place_of_reply(order: ScriptRunOrder) -> str:
    digest = hashlib.sha256(order.source.encode("utf-8", "surrogatepass")).hexdigest()
    return f"run reply {order.id} {order.implementation} {digest}"
