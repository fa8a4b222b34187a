"""Everything that is offered to scripts, and everything that is withheld, with the reasons: plain data.

The tables are authoritative: guards, facades and findings are built from them, and the reference page is generated from
them. What is not named here does not exist for a script.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from .rules.syntax_rules import SYNTAX
from .script_api import field_names
from .withheld import WITHHELD_ATTRIBUTES, WITHHELD_MODULES, WITHHELD_NAMES, WithheldEntry


@dataclass(frozen=True)
class OfferedEntry:
    """Names that a script may use: `where` is a module, a type of value, or another heading of the tables below."""

    kind: str  #: "names", "exceptions", "module", "value" or "type"
    where: str
    names: tuple[str, ...]
    note: str = ""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


#: Python's built-in names, available without an import.
BUILTIN_NAMES = _words(
    "abs all any ascii bin bool bytes callable chr dict divmod enumerate filter float format frozenset hex int "
    "isinstance iter len list map max min next oct ord print range repr reversed round set sorted str sum tuple zip"
)

#: The sandbox's own names, available without an import. A script must not redefine them.
SANDBOX_NAMES = ("message", "hidden", "with_query", "ApiError")

EXCEPTION_NAMES = _words(
    "ArithmeticError AssertionError AttributeError Exception IndexError KeyError LookupError NameError "
    "NotImplementedError OverflowError RecursionError RuntimeError StopIteration TypeError UnicodeDecodeError "
    "UnicodeEncodeError UnicodeError ValueError ZeroDivisionError"
)

#: Module -> its offered names. A dotted name is read from a type of that module: `datetime.now` in `datetime`.
MODULES = MappingProxyType(
    {
        "base64": _words(
            "b16decode b16encode b32decode b32encode b64decode b64encode standard_b64decode standard_b64encode "
            "urlsafe_b64decode urlsafe_b64encode"
        ),
        "calendar": _words("isleap monthrange"),
        "collections": _words("Counter OrderedDict defaultdict deque namedtuple"),
        "datetime": _words(
            "UTC date date.fromisocalendar date.fromisoformat date.fromordinal date.max date.min date.today datetime "
            "datetime.combine datetime.fromisocalendar datetime.fromisoformat datetime.fromordinal "
            "datetime.fromtimestamp datetime.max datetime.min datetime.now datetime.strptime datetime.today "
            "datetime.utcfromtimestamp datetime.utcnow time time.fromisoformat time.max time.min timedelta "
            "timedelta.max timedelta.min timezone timezone.utc tzinfo"
        ),
        "decimal": _words(
            "Decimal DivisionByZero InvalidOperation ROUND_CEILING ROUND_DOWN ROUND_FLOOR ROUND_HALF_DOWN "
            "ROUND_HALF_EVEN ROUND_HALF_UP ROUND_UP"
        ),
        "functools": _words("cmp_to_key partial reduce"),
        "hashlib": _words("blake2b blake2s md5 new sha1 sha224 sha256 sha384 sha3_256 sha3_512 sha512"),
        "hmac": _words("compare_digest digest new"),
        "html": _words("unescape"),
        "itertools": _words(
            "accumulate chain chain.from_iterable combinations combinations_with_replacement compress count cycle "
            "dropwhile filterfalse groupby islice pairwise permutations product repeat starmap takewhile tee "
            "zip_longest"
        ),
        "json": _words("JSONDecodeError dumps loads"),
        "math": _words(
            "acos acosh asin asinh atan atan2 atanh ceil comb copysign cos cosh degrees dist e exp fabs factorial "
            "floor fmod fsum gcd hypot inf isclose isfinite isinf isnan isqrt lcm log log10 log1p log2 modf nan perm "
            "pi pow prod radians sin sinh sqrt tan tanh tau trunc"
        ),
        "re": _words(
            "A ASCII DOTALL I IGNORECASE M MULTILINE Match Pattern S VERBOSE X compile error escape findall finditer "
            "fullmatch match search split sub subn"
        ),
        "statistics": _words(
            "StatisticsError fmean geometric_mean harmonic_mean mean median median_grouped median_high median_low mode "
            "multimode pstdev pvariance quantiles stdev variance"
        ),
        "textwrap": _words("dedent fill indent shorten wrap"),
        "unicodedata": _words(
            "bidirectional category combining decimal decomposition digit east_asian_width is_normalized lookup "
            "mirrored name normalize numeric"
        ),
        "urllib": ("parse",),
        "urllib.parse": _words(
            "parse_qs parse_qsl quote quote_plus unquote unquote_plus urlencode urljoin urlparse urlsplit"
        ),
        "zoneinfo": _words("ZoneInfo ZoneInfoNotFoundError available_timezones"),
    }
)

#: Modules whose import is accepted and dropped: they are only for annotations.
DROPPED_MODULES = ("__future__", "session_status", "typing")

_SET_READ = "copy difference intersection isdisjoint issubset issuperset symmetric_difference union"
_DICT_READ = "copy get items keys values"
_DICT = _DICT_READ + " clear pop popitem setdefault update"
_DATE = "day isocalendar isoformat isoweekday month replace strftime toordinal weekday year ctime"
_CLOCK = "dst fold hour isoformat microsecond minute replace second strftime tzinfo tzname utcoffset"
_ZONE = "dst tzname utcoffset"
_ADDRESS = "count fragment geturl hostname index netloc password path port query scheme username"
_DIGEST = "block_size copy digest digest_size hexdigest name update"

#: Type of a value -> its attributes and methods. The guards look at the exact type.
ATTRIBUTES = MappingProxyType(
    {
        "Counter": _words(_DICT + " elements most_common subtract total"),
        "Decimal": _words(
            "adjusted as_integer_ratio as_tuple compare copy_abs copy_negate copy_sign exp is_finite is_infinite "
            "is_nan is_signed is_zero ln log10 max min normalize quantize remainder_near sqrt to_eng_string "
            "to_integral_exact to_integral_value"
        ),
        "DecimalTuple": _words("digits exponent sign"),
        "Match": _words("end expand group groupdict groups lastgroup lastindex pos re regs span start string endpos"),
        "OrderedDict": _words(_DICT + " move_to_end"),
        "ParseResult": _words(_ADDRESS + " params"),
        "Pattern": _words("findall finditer flags fullmatch groupindex groups match pattern search split sub subn"),
        "SplitResult": _words(_ADDRESS),
        "ZoneInfo": _words(_ZONE + " key"),
        "bytes": _words(
            "count decode endswith find hex index join lower replace rfind rstrip split startswith strip "
            "lstrip upper isdigit isalnum isalpha partition removeprefix removesuffix splitlines"
        ),
        "date": _words(_DATE),
        "datetime": _words(_DATE + " " + _CLOCK + " astimezone date time timestamp timetz"),
        "defaultdict": _words(_DICT),
        "deque": _words(
            "append appendleft clear copy count extend extendleft index insert maxlen pop popleft remove reverse rotate"
        ),
        "dict": _words(_DICT),
        "digest": _words(_DIGEST),
        "float": _words("as_integer_ratio hex is_integer"),
        "frozen dict": _words(_DICT_READ),
        "frozen list": _words("copy count index"),
        "frozenset": _words(_SET_READ),
        "int": _words("as_integer_ratio bit_count bit_length to_bytes"),
        "isocalendar": _words("week weekday year"),
        "list": _words("append clear copy count extend index insert pop remove reverse sort"),
        "named tuple": _words("count index"),
        "range": _words("count index start step stop"),
        "set": _words(
            _SET_READ + " add clear difference_update discard intersection_update pop remove "
            "symmetric_difference_update update"
        ),
        "str": _words(
            "capitalize casefold center count encode endswith expandtabs find index isalnum isalpha isascii isdecimal "
            "isdigit isidentifier islower isnumeric isprintable isspace istitle isupper join ljust lower lstrip "
            "partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines "
            "startswith strip swapcase title translate upper zfill"
        ),
        "time": _words(_CLOCK),
        "timedelta": _words("days microseconds seconds total_seconds"),
        "timezone": _words(_ZONE),
        "tuple": _words("count index"),
    }
)

#: Name of a type -> what may be read from the type itself, as in `str.lower` or `dict.fromkeys`.
TYPE_NAMES = MappingProxyType(
    {
        "bytes": ("fromhex",),
        "dict": ("fromkeys",),
        "float": ("fromhex",),
        "int": ("from_bytes",),
        "str": _words(
            "capitalize casefold isalnum isalpha isdigit join lower lstrip maketrans replace rstrip split "
            "startswith endswith strip title upper"
        ),
    }
)

EXCEPTION_ATTRIBUTES = ("args",)
USER_FIELDS = field_names("User")
SESSION_FIELDS = field_names("Session")
SCANS_FIELDS = field_names("Scans")
API_NAMES = field_names("Api")
RESPONSE_NAMES = field_names("Response")
API_ERROR_NAMES = field_names("ApiError")

OFFERED: tuple[OfferedEntry, ...] = (
    OfferedEntry("names", "sandbox", SANDBOX_NAMES, "available without an import; a script must not redefine them"),
    OfferedEntry("names", "Python", BUILTIN_NAMES, "print writes to the log"),
    OfferedEntry("exceptions", "Python", EXCEPTION_NAMES, "of a caught exception: str(e) and e.args"),
    OfferedEntry("value", "user", USER_FIELDS, "frozen; a missing text is empty"),
    OfferedEntry(
        "value", "session", SESSION_FIELDS, "frozen; times have a zone; a missing time, parent or credit is None"
    ),
    OfferedEntry("value", "api", API_NAMES, "get(connection, path, params, headers), post(…, json)"),
    OfferedEntry("value", "response", RESPONSE_NAMES, "of api.get and api.post"),
    OfferedEntry("value", "scans", SCANS_FIELDS, "of api.scans(): the attendee's own scans of this session"),
    OfferedEntry("value", "ApiError", API_ERROR_NAMES, "caught by except ApiError as e"),
    OfferedEntry("value", "exception", EXCEPTION_ATTRIBUTES),
    *(OfferedEntry("module", name, names) for name, names in MODULES.items()),
    *(
        OfferedEntry("module", name, (), "accepted and dropped: annotations are not evaluated")
        for name in DROPPED_MODULES
    ),
    *(OfferedEntry("value", name, names) for name, names in ATTRIBUTES.items()),
    *(OfferedEntry("type", name, names, "read from the type itself") for name, names in TYPE_NAMES.items()),
)

WITHHELD: tuple[WithheldEntry, ...] = (
    *(WithheldEntry("syntax", rule.name, rule.why, rule.instead) for rule in SYNTAX.values()),
    *WITHHELD_NAMES.values(),
    *WITHHELD_MODULES.values(),
    *WITHHELD_ATTRIBUTES.values(),
)

#: Every attribute that some value has: any other name can only fail.
KNOWN_ATTRIBUTES = frozenset(
    name.split(".")[-1] for entry in OFFERED if entry.kind in {"module", "value", "type"} for name in entry.names
)
