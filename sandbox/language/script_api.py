"""The script API as one table: what a script gets, which functions it may call, with which arguments, and what they return.

The text below is written as a Python stub and read once. The check, the reference page and the names in `offered` are made
from it; a test holds it against the functions of a run. A type is one of the kinds of value that the check knows: `datetime`
is a time with a zone, `FrozenDict` a dict that cannot be changed, `Any` a value of which nothing is known.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from types import MappingProxyType

STUB = '''
class User:
    """Who looks at the session; frozen. A missing text is empty."""
    id: str
    username: str
    user_type: str
    first_name: str
    last_name: str
    badge_id: str
    attributes: FrozenDict

class Session:
    """The session of the agenda; frozen. Times have a zone; a missing time, parent or credit is None."""
    id: str
    title: str
    starts_at: datetime | None
    ends_at: datetime | None
    location: str
    parent_id: str | None
    credits: Decimal | None
    attributes: FrozenDict

class Api:
    """What the script can ask for and do."""
    facts: FrozenDict
    facts_at: datetime | None
    def get(connection: str, path: str, params: dict | list | tuple | None = None, headers: dict | list | tuple | None = None) -> Response:
        """Ask a vendor."""
    def log(*values: Any, sep: str = " ") -> None:
        """Write a line to the log of the run."""
    def now() -> datetime:
        """The time of the run."""
    def post(connection: str, path: str, params: dict | list | tuple | None = None, json: Any = None, headers: dict | list | tuple | None = None) -> Response:
        """Send data to a vendor."""
    def return_url() -> str:
        """The address to which the vendor's site sends the attendee back."""
    def scans() -> Scans:
        """The attendee's own scans of this session."""
    settings: FrozenDict

class Response:
    """The answer of a vendor, of api.get and api.post."""
    def header(name: str) -> str | None:
        """One header of the answer."""
    def json() -> Any:
        """The data of the answer. Raises ApiError if it is not JSON."""
    ok: bool
    status: int
    text: str

class Scans:
    """The attendee's own scans of this session, of api.scans()."""
    first_in: datetime | None
    last_out: datetime | None
    minutes: int
    count: int

class ApiError:
    """A call could not be made, or its answer is not JSON; caught by except ApiError as e."""
    args: tuple
    connection: str | None
    kind: str | None

def message(text: str, link: str | None = None, color: str | None = None) -> Message:
    """The message to show; with a link it is a button."""

def hidden() -> Message:
    """Show nothing."""

def with_query(url: str, params: dict | list | tuple | None = None, /, **named: Any) -> str:
    """The address with encoded parameters added."""
'''

#: Kind -> how authors know a value of it, where a class has no name in a script.
LABELS = MappingProxyType(
    {
        "User": "user",
        "Session": "session",
        "Api": "api",
        "PrepareApi": "api",
        "Response": "response",
        "Scans": "scans",
        "ApiError": "ApiError",
    }
)


#: Kind of a function -> a call of it, for findings.
EXAMPLES = MappingProxyType(
    {
        "Api.get": 'api.get("connection", "/path", params={"name": value})',
        "Api.post": 'api.post("connection", "/path", json={"name": value})',
        "Api.log": 'api.log("what happened:", value)',
        "Api.now": "api.now()",
        "Api.return_url": "api.return_url()",
        "Api.scans": "api.scans()",
        "Response.json": "response.json()",
        "Response.header": 'response.header("content-type")',
        "message": 'message("text", link="https://…", color="#006109")',
        "hidden": "hidden()",
        "with_query": 'with_query("https://…", name=value)',
    }
)


@dataclass(frozen=True)
class Parameter:
    """One parameter: `types` are the kinds it accepts, empty for any; `default` is its text, or None if it is required."""

    name: str
    types: frozenset[str]
    default: str | None = None
    positional: bool = True
    keyword: bool = True


@dataclass(frozen=True)
class Signature:
    """A function of the script API: `values` and `named` are the names of `*values` and `**named`, or empty."""

    name: str  #: as authors write it, for example `api.get`
    parameters: tuple[Parameter, ...]
    result: frozenset[str]
    values: str = ""
    named: str = ""
    note: str = ""

    @property
    def keywords(self) -> tuple[str, ...]:
        """The names that a call may use."""
        return tuple(parameter.name for parameter in self.parameters if parameter.keyword)

    @property
    def text(self) -> str:
        """The signature as authors read it."""
        parts = [f"*{self.values}"] if self.values else []
        last = max((place for place, one in enumerate(self.parameters) if not one.keyword), default=-1)
        for place, one in enumerate(self.parameters):
            parts.append(one.name if one.default is None else f"{one.name}={one.default}")
            parts += ["/"] if place == last else []
        parts += [f"**{self.named}"] if self.named else []
        return f"{self.name}({', '.join(parts)})"


@dataclass(frozen=True)
class RecordType:
    """A value with named fields: its fields with their kinds, where a function is a kind of its own, as in `Api.get`."""

    kind: str
    label: str
    fields: MappingProxyType[str, frozenset[str]]
    note: str


def _types(node: ast.expr | None) -> frozenset[str]:
    """The kinds of an annotation; empty for `Any`."""
    text = "Any" if node is None else ast.unparse(node)
    return frozenset() if text == "Any" else frozenset(text.split(" | "))


def _signature(node: ast.FunctionDef, owner: str) -> Signature:
    args = node.args
    plain = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(plain) - len(args.defaults)) + [ast.unparse(each) for each in args.defaults]
    parameters = [
        Parameter(arg.arg, _types(arg.annotation), default, keyword=arg not in args.posonlyargs)
        for arg, default in zip(plain, defaults, strict=True)
    ]
    for arg, value in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        default = None if value is None else ast.unparse(value)
        parameters.append(Parameter(arg.arg, _types(arg.annotation), default, positional=False))
    return Signature(
        f"{owner}.{node.name}" if owner else node.name,
        tuple(parameters),
        _types(node.returns),
        args.vararg.arg if args.vararg else "",
        args.kwarg.arg if args.kwarg else "",
        ast.get_docstring(node) or "",
    )


def _read() -> tuple[dict[str, RecordType], dict[str, Signature]]:
    records, signatures = {}, {}
    for node in ast.parse(STUB).body:
        if isinstance(node, ast.FunctionDef):
            signatures[node.name] = _signature(node, "")
        if not isinstance(node, ast.ClassDef):
            continue
        fields = {}
        for field in node.body:
            if isinstance(field, ast.FunctionDef):
                fields[field.name] = frozenset([f"{node.name}.{field.name}"])
                signatures[f"{node.name}.{field.name}"] = _signature(field, LABELS[node.name])
            elif isinstance(field, ast.AnnAssign):
                fields[ast.unparse(field.target)] = _types(field.annotation)
        note = ast.get_docstring(node) or ""
        records[node.name] = RecordType(node.name, LABELS[node.name], MappingProxyType(fields), note)
    return records, signatures


#: What `prepare(session, api)` has of `api`: nothing that belongs to one user.
PREPARE_FIELDS = ("get", "log", "now", "post", "settings")


def _of_prepare(api: RecordType) -> RecordType:
    """`api` as `prepare` gets it."""
    fields = {name: api.fields[name] for name in PREPARE_FIELDS}
    note = "What prepare can ask for and do: nothing that belongs to one user."
    return RecordType("PrepareApi", LABELS["PrepareApi"], MappingProxyType(fields), note)


_RECORDS, _SIGNATURES = _read()
_RECORDS["PrepareApi"] = _of_prepare(_RECORDS["Api"])
#: Kind -> its fields.
RECORDS = MappingProxyType(_RECORDS)
#: Kind of a function, as in `message` or `Api.get` -> its signature.
SIGNATURES = MappingProxyType(_SIGNATURES)


def field_names(kind: str) -> tuple[str, ...]:
    """The names of a record's fields."""
    return tuple(RECORDS[kind].fields)
