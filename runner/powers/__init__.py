"""What a script can do besides computing: calls to vendors, live or recorded.

`VendorServices` is made once in a process and gives each run its powers; `RecordedPowers` replaces vendors by recorded
answers. Start an audit in `live_powers`, which lists the steps that every call goes through. `sandbox.Powers` is the
interface towards scripts.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .call_record import CallRecord, digest_key
    from .call_request import CallRequest
    from .connections.errors import AnswersError, FaultyConnectionError, PowersError
    from .connections.vendor_connection import (
        ApiKeyHeader,
        ApiKeyParameter,
        Auth,
        Basic,
        Bearer,
        NoAuth,
        OAuth2ClientCredentials,
        VendorConnection,
        auth_of,
        parse_base,
        vendor_connection,
    )
    from .live_powers import LivePowers
    from .recorded_powers import RecordedAnswer, RecordedPowers, parse_answers
    from .redaction import shown_pairs
    from .vendor_services import VendorServices

__all__ = [
    "AnswersError",
    "ApiKeyHeader",
    "ApiKeyParameter",
    "Auth",
    "Basic",
    "Bearer",
    "CallRecord",
    "CallRequest",
    "FaultyConnectionError",
    "LivePowers",
    "NoAuth",
    "OAuth2ClientCredentials",
    "PowersError",
    "RecordedAnswer",
    "RecordedPowers",
    "VendorConnection",
    "VendorServices",
    "auth_of",
    "digest_key",
    "parse_answers",
    "parse_base",
    "shown_pairs",
    "vendor_connection",
]

#: Where each name is. It is loaded when it is used: recorded answers need neither Redis nor a client for HTTP.
_HOMES = {
    "CallRecord": ".call_record",
    "CallRequest": ".call_request",
    "shown_pairs": ".redaction",
    "digest_key": ".call_record",
    "AnswersError": ".connections.errors",
    "FaultyConnectionError": ".connections.errors",
    "PowersError": ".connections.errors",
    "ApiKeyHeader": ".connections.vendor_connection",
    "ApiKeyParameter": ".connections.vendor_connection",
    "Auth": ".connections.vendor_connection",
    "Basic": ".connections.vendor_connection",
    "Bearer": ".connections.vendor_connection",
    "NoAuth": ".connections.vendor_connection",
    "OAuth2ClientCredentials": ".connections.vendor_connection",
    "VendorConnection": ".connections.vendor_connection",
    "auth_of": ".connections.vendor_connection",
    "parse_base": ".connections.vendor_connection",
    "vendor_connection": ".connections.vendor_connection",
    "LivePowers": ".live_powers",
    "RecordedAnswer": ".recorded_powers",
    "RecordedPowers": ".recorded_powers",
    "parse_answers": ".recorded_powers",
    "VendorServices": ".vendor_services",
}


def __getattr__(name: str) -> Any:
    """Load a name. Raises AttributeError for one that is not here, as any module does."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name], __name__), name)
