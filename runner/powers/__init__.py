"""What a script can do besides computing: calls to vendors, live or recorded.

`VendorServices` is made once in a process and gives each run its powers; `RecordedPowers` replaces vendors by recorded
answers. Start an audit in `live_powers`, which lists the steps that every call goes through. `sandbox.Powers` is the
interface towards scripts.
"""

from .answer_log import AnswerLog
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
    "AnswerLog",
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
