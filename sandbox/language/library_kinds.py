"""The kinds of what functions of Python and its library return, as far as the check follows values: plain data.

Only results that are always of one kind are named. A `naive datetime` is a time without a zone; `check/api/clock_kinds.py`
decides which of the two a function of `datetime` returns.
"""

from __future__ import annotations

from types import MappingProxyType

#: Full name of a function or built-in name -> the kind of its result.
RESULTS = MappingProxyType(
    {
        "str": "str",
        "repr": "str",
        "format": "str",
        "chr": "str",
        "ascii": "str",
        "int": "int",
        "len": "int",
        "ord": "int",
        "float": "float",
        "bool": "bool",
        "isinstance": "bool",
        "any": "bool",
        "all": "bool",
        "dict": "dict",
        "list": "list",
        "sorted": "list",
        "tuple": "tuple",
        "set": "set",
        "frozenset": "frozenset",
        "bytes": "bytes",
        "datetime.timedelta": "timedelta",
        "datetime.date": "date",
        "datetime.date.today": "date",
        "datetime.date.fromisoformat": "date",
        "datetime.timezone": "timezone",
        "zoneinfo.ZoneInfo": "ZoneInfo",
        "decimal.Decimal": "Decimal",
        "json.dumps": "str",
        "urllib.parse.quote": "str",
        "urllib.parse.quote_plus": "str",
        "urllib.parse.urlencode": "str",
        "math.ceil": "int",
        "math.floor": "int",
        "math.sqrt": "float",
        "re.compile": "Pattern",
    }
)

#: Full name of a constant -> its kind.
CONSTANTS = MappingProxyType(
    {"datetime.timezone.utc": "timezone", "datetime.UTC": "timezone", "math.pi": "float", "math.inf": "float"}
)

#: (kind, attribute) -> its kind.
ATTRIBUTE_KINDS = MappingProxyType(
    {
        **{("timedelta", name): "int" for name in ("days", "seconds", "microseconds")},
        **{(kind, name): "int" for kind in ("datetime", "naive datetime", "date") for name in ("year", "month", "day")},
        **{(kind, name): "int" for kind in ("datetime", "naive datetime") for name in ("hour", "minute", "second")},
    }
)

_TEXT_METHODS = "capitalize casefold join lower lstrip replace rstrip strip title upper removeprefix removesuffix zfill"
#: (kind, method) -> the kind of its result.
METHOD_RESULTS = MappingProxyType(
    {
        **{("str", name): "str" for name in _TEXT_METHODS.split()},
        **{("str", name): "bool" for name in ("startswith", "endswith", "isdigit", "isalpha")},
        **{("str", name): "list" for name in ("split", "splitlines")},
        ("str", "encode"): "bytes",
        ("bytes", "decode"): "str",
        ("datetime", "astimezone"): "datetime",
        ("naive datetime", "astimezone"): "datetime",
        **{(kind, "strftime"): "str" for kind in ("datetime", "naive datetime", "date")},
        **{(kind, "isoformat"): "str" for kind in ("datetime", "naive datetime", "date")},
        **{(kind, "date"): "date" for kind in ("datetime", "naive datetime")},
        **{(kind, "timestamp"): "float" for kind in ("datetime", "naive datetime")},
        ("timedelta", "total_seconds"): "float",
        ("FrozenDict", "copy"): "dict",
    }
)
