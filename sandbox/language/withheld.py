"""Names, modules and attributes that scripts do not get: why, and what to write instead.

A refusal that does not say what to do instead costs an author an afternoon; so each entry has both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class WithheldEntry:
    """One thing that scripts do not get: `kind` is "syntax", "name", "module" or "attribute"."""

    kind: str
    name: str
    why: str
    instead: str


_CODE = "It runs or builds code that no reviewer has read."
_INTROSPECTION = "It gives access to the inside of objects, which is how scripts escape from a sandbox."
_FILES = "A script has no files, no console and no other processes."
_CLASSES = "Classes are not offered: their special methods can deceive checks."
_CATCH_ALL = "It would also catch the end of a run that has used up a budget."
_ADDRESS = "It reveals where objects are in memory, which helps an attack and no author."
_REPEATABLE = "The same input must give the same message, so that a run can be repeated and explained."

_NAMES: tuple[tuple[str, str, str], ...] = (
    (
        "getattr hasattr",
        _INTROSPECTION,
        'For optional fields write user.attributes.get("name"); for data write a_dict.get("name").',
    ),
    ("setattr delattr", _INTROSPECTION, 'Keep what changes in a dict: data["name"] = value.'),
    (
        "type issubclass",
        _INTROSPECTION,
        "Write isinstance(value, str); type(e).__name__ gives the name of an error's type.",
    ),
    (
        "dir vars globals locals help",
        _INTROSPECTION,
        "Name the values that you need; api.log(value) writes one to the log.",
    ),
    ("id hash", _ADDRESS, "Compare with == or use hashlib.sha256(text.encode()).hexdigest()."),
    ("object super property classmethod staticmethod", _CLASSES, "Use functions and dicts."),
    ("exec eval compile __import__", _CODE, "Write the code itself; read JSON with json.loads(text)."),
    ("open input", _FILES, "Read settings with api.settings and vendor data with api.get(connection, path)."),
    ("exit quit breakpoint", _FILES, "Return a message, or raise an exception to end the run."),
    ("BaseException BaseExceptionGroup ExceptionGroup", _CATCH_ALL, "Catch Exception or a narrower error."),
    ("SystemExit KeyboardInterrupt GeneratorExit", _CATCH_ALL, 'Return a message, or raise ValueError("…").'),
    ("MemoryError", _CATCH_ALL, "Keep less data; a used-up budget ends the run."),
    (
        "OSError IOError EnvironmentError ConnectionError TimeoutError FileNotFoundError",
        "It is never raised here: a call that cannot be made raises ApiError.",
        "Write except ApiError as e and read e.kind.",
    ),
    ("Warning UserWarning DeprecationWarning", "Warnings are not shown anywhere.", 'Write api.log("…").'),
    ("pow", "Powers of whole numbers can fill the memory in one step.", "Write x * x, or math.pow(x, y) for a float."),
    ("complex", "No message needs complex numbers.", "Use float or Decimal."),
    ("bytearray memoryview", "They give access to raw memory.", "Use bytes or a list."),
    ("slice", "Only the bracket form is offered.", "Write values[1:3]."),
    (
        "__name__ __file__ __doc__",
        "A script is not a program: the sandbox calls status(user, session, api).",
        "Leave it out; put your steps inside def status(user, session, api).",
    ),
    (
        "requests urlopen httpx",
        "A script can reach only the connections that were set up for it.",
        'Write api.get("connection", "/path", params={…}).',
    ),
    ("logger logging", "The log of a run is part of its trace.", 'Write api.log("…", value).'),
)

_MODULES: tuple[tuple[str, str, str], ...] = (
    (
        "requests httpx aiohttp urllib3 http urllib.request urllib.error http.client socket ssl",
        "A script can reach only the connections that were set up for it; credentials stay outside.",
        'Write api.get("connection", "/path", params={…}) or api.post("connection", "/path", json={…}).',
    ),
    (
        "os sys pathlib shutil subprocess io tempfile glob platform environ dotenv",
        "A script has no files, no environment and no other processes.",
        'Read values with api.settings["name"].',
    ),
    (
        "logging traceback warnings pprint",
        "The log of a run is part of its trace, which also shows where the run failed.",
        'Write api.log("…", value).',
    ),
    (
        "time sched asyncio threading concurrent multiprocessing",
        "A script must not wait: the app asks for the status again by itself.",
        "Write api.now() for the time; make calls one after another.",
    ),
    (
        "random secrets uuid",
        _REPEATABLE,
        "Derive a stable value: hashlib.sha256((user.id + session.id).encode()).hexdigest().",
    ),
    (
        "string",
        "Only modules that scripts of authors needed are offered.",
        'Write the characters, or use "…".isalpha(), .isdigit() and .upper().',
    ),
    (
        "dataclasses enum abc attr attrs pydantic collections.abc types numbers",
        _CLASSES,
        "Use dicts, tuples and functions; annotations may use typing.",
    ),
    (
        "pytz dateutil arrow pendulum",
        "The standard library offers the same.",
        'Write from zoneinfo import ZoneInfo, then value.astimezone(ZoneInfo("Europe/Paris")).',
    ),
    ("simplejson ujson orjson", "The standard library offers the same.", "Write import json."),
    (
        "pickle marshal shelve copy copyreg",
        "They can build objects of any class from data.",
        "Use json.loads and json.dumps; copy with dict(data) or list(values).",
    ),
    (
        "operator inspect ast gc ctypes importlib builtins code codecs weakref contextlib",
        _INTROSPECTION,
        'Write a lambda for a sort key: sorted(rows, key=lambda row: row["at"]).',
    ),
    (
        "csv xml xml.etree.ElementTree",
        "Vendors of status data answer in JSON.",
        "Use response.json(), or re and the methods of str on response.text.",
    ),
    ("heapq bisect", "The lists in a script are short.", "Write sorted(values)."),
    ("fractions cmath", "No message needs them.", "Use Decimal or float."),
    ("numpy pandas", "Only parts of the standard library are offered.", "Use lists, dicts, statistics and Counter."),
)

_ATTRIBUTES: tuple[tuple[str, str, str], ...] = (
    (
        "format_map",
        "A template can read attributes of its arguments.",
        'Write an f-string: f"{count} of {total}".',
    ),
    ("mro", _INTROSPECTION, "Write isinstance(value, str)."),
    ("with_traceback add_note", _INTROSPECTION, "Raise a new error with the text you need."),
    (
        (
            "tb_frame tb_next f_back f_builtins f_code f_globals f_locals f_trace f_generator co_code gi_frame "
            "gi_code gi_yieldfrom cr_await cr_frame cr_code cr_origin ag_await ag_frame ag_code"
        ),
        _INTROSPECTION,
        "Leave it out; a script does not need it.",
    ),
    ("status_code", "A response calls it status.", "Write response.status."),
    ("content body", "A response calls it text.", "Write response.text."),
    ("headers", "Headers are read one at a time, by name.", 'Write response.header("content-type").'),
    (
        "raise_for_status",
        "Every HTTP status is returned as a response; none raises an error.",
        "Write if not response.ok: …",
    ),
    ("has_key", "Python 3 has no has_key.", "Write key in data."),
    ("iteritems itervalues iterkeys", "Python 3 has no such method.", "Write data.items(), data.values() or data."),
    ("email", "A user has only the fields that the app knows.", 'Write user.attributes.get("email").'),
    (
        "utcoffset_seconds total_minutes",
        "A timedelta gives its length in seconds only.",
        "Write duration.total_seconds() / 60.",
    ),
    ("total_hours", "A timedelta gives its length in seconds only.", "Write duration.total_seconds() / 3600."),
    (
        "getcontext setcontext localcontext",
        "A script cannot change settings of the whole process.",
        'Round with value.quantize(Decimal("0.01")).',
    ),
    ("sleep", "A script must not wait: the app asks for the status again by itself.", "Leave it out."),
    ("environ getenv", "A script has no environment.", 'Read values with api.settings["name"].'),
)

#: Attribute with an underscore that authors know from Python -> what to write instead.
INSTEAD_OF = MappingProxyType(
    {
        **dict.fromkeys(
            ("__class__", "__name__", "__qualname__"), "The name of a value's type is type(value).__name__."
        ),
        "_replace": "Call the type again: Row(row.name, price=2).",
        "_make": "Call the type with a name of its own: Row(values[0], values[1]).",
        **dict.fromkeys(("_asdict", "_fields"), 'Name the fields: {"name": row.name, "price": row.price}.'),
    }
)


def _entries(kind: str, rows: tuple[tuple[str, str, str], ...]) -> Iterator[tuple[str, WithheldEntry]]:
    for names, why, instead in rows:
        for name in names.split():
            yield name, WithheldEntry(kind, name, why, instead)


WITHHELD_NAMES = MappingProxyType(dict(_entries("name", _NAMES)))
WITHHELD_MODULES = MappingProxyType(dict(_entries("module", _MODULES)))
WITHHELD_ATTRIBUTES = MappingProxyType(dict(_entries("attribute", _ATTRIBUTES)))
