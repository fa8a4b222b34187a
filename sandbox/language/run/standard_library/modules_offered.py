"""The parts of the standard library that scripts may import, as facades built from the table of offered names.

A name is taken from the module itself unless it has a replacement here: one that accepts no class or callable that the
original would trust, reads no file and imports nothing.
"""

from __future__ import annotations

import base64
import collections
import datetime as dt
import decimal
import functools
import hmac
import json
import math
import re
import statistics
import textwrap
import unicodedata
import urllib.parse
import zoneinfo
from collections.abc import Callable, Mapping
from types import FunctionType, MappingProxyType, ModuleType
from typing import Any

from sandbox.language.offered import MODULES
from sandbox.language.run.guards.c_calls import drained, safe_c_function
from sandbox.language.run.guards.dict_functions import DEFAULT_DICT, ORDERED_DICT
from sandbox.language.run.values.facade import Facade, named, names_of
from sandbox.language.run.values.named_tuples import NAMED_TUPLE
from sandbox.language.run.values.value_text import printable

from .addresses_offered import unescape, urljoin, urlparse, urlsplit
from .calendar_offered import isleap, monthrange
from .clock import clock_functions
from .digests import HASHLIB, HMAC
from .functools_offered import FUNCTOOLS
from .itertools_offered import ITERTOOLS
from .json_offered import JSON
from .regular_expressions import RE
from .time_zones import available_timezones, make_zone


def _quote(string: str | bytes, safe: str = "/") -> str:
    return urllib.parse.quote(string, safe=drained(safe))


def _quote_plus(string: str | bytes, safe: str = "") -> str:
    return urllib.parse.quote_plus(string, safe=drained(safe))


def _unquote(string: str | bytes) -> str:
    return urllib.parse.unquote(drained(string))


def _unquote_plus(string: str) -> str:
    return urllib.parse.unquote_plus(drained(string))


def _urlencode(query: Any, doseq: bool = False, safe: str = "", quote_via: object = None) -> str:  # noqa: FBT001, FBT002 -- as in the standard library
    quote = urllib.parse.quote if quote_via is _quote else urllib.parse.quote_plus
    return urllib.parse.urlencode(_printable_pairs(query, doseq), doseq=doseq, safe=drained(safe), quote_via=quote)


def _printable_pairs(query: Any, doseq: bool) -> list[tuple[Any, Any]]:  # noqa: FBT001 -- as above
    pairs = query.items() if isinstance(query, dict) else drained(query)
    if isinstance(pairs, str | bytes) and pairs:
        raise TypeError("urlencode: the query must be a dict or a list of pairs of name and value")
    both = [drained(pair) for pair in pairs]
    return [(printable(name), _printable_value(value, doseq)) for name, value in both]


def _printable_value(value: Any, doseq: bool) -> Any:  # noqa: FBT001 -- as above
    several = doseq and not isinstance(value, str | bytes)
    value = drained(value)
    return [printable(each) for each in value] if several and isinstance(value, list | tuple) else printable(value)


def _parse_qs(qs: str, keep_blank_values: bool = False) -> dict[str, list[str]]:  # noqa: FBT001, FBT002 -- as above
    return urllib.parse.parse_qs(qs, keep_blank_values=keep_blank_values)


def _parse_qsl(qs: str, keep_blank_values: bool = False) -> list[tuple[str, str]]:  # noqa: FBT001, FBT002 -- as above
    return urllib.parse.parse_qsl(qs, keep_blank_values=keep_blank_values)


def _indent(text: str, prefix: str, predicate: Callable[[str], Any] | None = None) -> str:
    chosen = str.strip if predicate is None else predicate
    return "".join([prefix + line if chosen(line) else line for line in text.splitlines(keepends=True)])


_SOURCES: Mapping[str, ModuleType] = MappingProxyType(
    {
        "base64": base64,
        "collections": collections,
        "datetime": dt,
        "decimal": decimal,
        "json": json,
        "math": math,
        "re": re,
        "statistics": statistics,
        "textwrap": textwrap,
        "unicodedata": unicodedata,
        "urllib.parse": urllib.parse,
        "zoneinfo": zoneinfo,
    }
)

#: Replacements of the standard library's own names; scripts get the functions in here unwrapped.
_REPLACED: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "hashlib": HASHLIB,
        "hmac": {**HMAC, "compare_digest": safe_c_function(hmac.compare_digest)},
        "calendar": {"isleap": isleap, "monthrange": monthrange},
        "collections": {"OrderedDict": ORDERED_DICT, "defaultdict": DEFAULT_DICT, "namedtuple": NAMED_TUPLE},
        "html": {"unescape": unescape},
        "functools": FUNCTOOLS,
        "itertools": ITERTOOLS,
        "json": JSON,
        "re": RE,
        "textwrap": {"indent": _indent},
        "urllib.parse": {
            "parse_qs": _parse_qs,
            "parse_qsl": _parse_qsl,
            "quote": _quote,
            "quote_plus": _quote_plus,
            "unquote": _unquote,
            "unquote_plus": _unquote_plus,
            "urlencode": _urlencode,
            "urljoin": urljoin,
            "urlparse": urlparse,
            "urlsplit": urlsplit,
        },
        "zoneinfo": {
            "ZoneInfo": Facade("ZoneInfo", call=make_zone, kinds=(zoneinfo.ZoneInfo,)),
            "available_timezones": available_timezones,
        },
    }
)


def _build(module: str, replaced: Mapping[str, Any]) -> Facade:
    names: dict[str, Any] = {}
    for name in MODULES[module]:
        if "." in name:
            continue
        value = replaced[name] if name in replaced else getattr(_SOURCES[module], name)
        whole = f"{module}.{name}"
        names[name] = _as_facade(module, name, value, replaced) if _is_plain_class(value) else _plain(whole, value)
    return Facade(module, names)


def _is_plain_class(value: object) -> bool:
    return isinstance(value, type) and not issubclass(value, Exception)


def _plain(name: str, value: Any) -> Any:
    """A constant, error class, facade or function of this package unchanged; any other function wrapped as unsafe C code."""
    if isinstance(value, re.RegexFlag):
        return int(value)
    if isinstance(value, FunctionType) and value.__module__.startswith(__package__):
        return named(name, value)
    return safe_c_function(value, name) if callable(value) and not isinstance(value, type | Facade) else value


def _as_facade(module: str, name: str, kind: type, replaced: Mapping[str, Any]) -> Facade:
    members = {}
    for dotted in MODULES[module]:
        owner, _, member = dotted.partition(".")
        if member and owner == name:
            members[member] = _plain(dotted, replaced[dotted] if dotted in replaced else getattr(kind, member))
    call = None if kind in {re.Pattern, re.Match, dt.tzinfo} else safe_c_function(kind)
    return Facade(name, members, call=call, kinds=(kind,))


_MODULES = {
    module: _build(module, _REPLACED.get(module, {})) for module in MODULES if module not in {"urllib", "datetime"}
}
_MODULES["urllib"] = Facade("urllib", {"parse": _MODULES["urllib.parse"]})


def library(now: dt.datetime) -> Callable[[str], Any]:
    """The function behind `import` in one run: it resolves names like `json` and `datetime.timedelta` to facades."""

    @functools.cache
    def module(name: str) -> Facade | None:
        # built on demand: most runs need it once or never
        return _build("datetime", clock_functions(now)) if name == "datetime" else _MODULES.get(name)

    def resolve(meaning: str) -> Any:
        whole = module(meaning)
        if whole is not None:
            return whole
        owner, _, name = meaning.rpartition(".")
        facade = module(owner)
        if facade is None or name not in names_of(facade):
            raise ImportError(f"{meaning} is not offered")
        return names_of(facade)[name]

    return resolve
