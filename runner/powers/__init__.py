"""What a script can do to the outside: calls to vendors, live or recorded.

`VendorServices` is made once in a process and gives each run its powers; `RecordedPowers` stands in for vendors. Start an
audit in `live`, which lists the steps that every call goes through; `sandbox.Powers` is the interface towards scripts.
"""

from .calls import CallRecord, digest_key
from .connections import (
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
from .errors import AnswersError, FaultyConnectionError, PowersError
from .live import LivePowers
from .recorded import RecordedAnswer, RecordedPowers, parse_answers
from .vendors import VendorServices

__all__ = [
    "AnswersError",
    "ApiKeyHeader",
    "ApiKeyParameter",
    "Auth",
    "Basic",
    "Bearer",
    "CallRecord",
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
    "vendor_connection",
]
