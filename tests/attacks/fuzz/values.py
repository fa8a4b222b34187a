"""Values for programs: some of every type that scripts are offered, and the odd ones that C code trips over.

Every expression here stands alone; what it names is offered, a helper of `batch.HELPERS`, or an argument of `status`.
"""

from __future__ import annotations

from types import MappingProxyType

#: A type of value, by its label in the tables -> expressions that make one.
MAKERS = MappingProxyType(
    {
        "ApiError": ('ApiError("x")', 'ApiError("x", "timeout", "c")'),
        "Counter": ('collections.Counter("abcab")', "collections.Counter({1: 2, 3: -1})"),
        "Decimal": ('decimal.Decimal("1.50")', 'decimal.Decimal("sNaN")', 'decimal.Decimal("-1E+9999")'),
        "DecimalTuple": ('decimal.Decimal("12.5").as_tuple()', 'decimal.Decimal("NaN").as_tuple()'),
        "Match": ('re.match("(a)(?P<n>b)?", "ab")', 're.search("(x)?", "yy")', 're.match(b"(a)+", b"aaa")'),
        "OrderedDict": (
            "collections.OrderedDict([(1, 2), (3, [4])])",
            "collections.OrderedDict(zip(range(200), range(200)))",
        ),
        "ParseResult": ('urllib.parse.urlparse("https://u:p@a.example:8/b;c?d#e")', 'urllib.parse.urlparse("//[::1]")'),
        "Pattern": ('re.compile("(a|b)+")', 're.compile("(?P<n>.)(?P=n)*", re.S)', 're.compile(b"[^a]*")'),
        "SplitResult": ('urllib.parse.urlsplit("https://a.example/b?c=d")', 'urllib.parse.urlsplit("//a:99999")'),
        "ZoneInfo": ('zoneinfo.ZoneInfo("Europe/Paris")', 'zoneinfo.ZoneInfo("UTC")'),
        "api": ("api",),
        "bytes": ('b"abcabc"', 'b""', 'b"\\xff" * 40', 'b"A" * 1000'),
        "date": ("datetime.date(2026, 1, 2)", "datetime.date.max", "datetime.date.min"),
        "datetime": (
            "api.now()",
            "datetime.datetime.max",
            "datetime.datetime.min.replace(tzinfo=datetime.timezone.utc)",
            'datetime.datetime(2026, 3, 29, 2, 30, tzinfo=zoneinfo.ZoneInfo("Europe/Paris"), fold=1)',
        ),
        "defaultdict": ("collections.defaultdict(list)", "collections.defaultdict(f0, {1: 2})"),
        "deque": (
            "collections.deque([3, 1, 2])",
            'collections.deque("abcdef", 3)',
            "collections.deque(range(200))",
            "collections.deque([[n] for n in range(70)])",
        ),
        "dict": ('{1: 2, "k": [3]}', "dict.fromkeys(range(300))", "{str(n): [n] for n in range(12)}", "{}", "knot()"),
        "digest": ('hashlib.sha256(b"x")', 'hashlib.blake2b(b"x")', 'hmac.new(b"k", b"m", hashlib.md5)'),
        "exception": ('ValueError("x", [1])', "KeyError(api)", "StopIteration(3)"),
        "float": ("1.5", 'float("nan")', 'float("inf")', "-0.0", "5e-324"),
        "frozen dict": ("user.attributes", "api.settings"),
        "frozen list": ('user.attributes["tags"]', 'user.attributes["rows"]'),
        "frozenset": ("frozenset((1, 2, 3))", "frozenset()"),
        "int": ("3", "-1", "True", "int('9' * 60)", "255", "int('-9223372036854775808')"),
        "isocalendar": ("datetime.date(2026, 1, 2).isocalendar()",),
        "list": (
            "[3, 1, 2]",
            "[[n] for n in range(12)]",
            "list(range(200))",
            "[keyed(K, n) for n in range(6)]",
            "[]",
            "loop()",
            "[2, 'a', None]",
        ),
        "named tuple": (
            'collections.namedtuple("Row", "a b")(1, [2])',
            'collections.namedtuple("Row", ["a", "count"], defaults=[keep])(box)',
            'collections.namedtuple("Row", "")()',
        ),
        "range": ("range(5)", "range(9, -9, -2)", "range(int('9' * 30))", "range(0)"),
        "response": ('api.get("c", "/p")', 'api.post("c", "/p", json=[1])'),
        "scans": ("api.scans()",),
        "session": ("session",),
        "set": ("{1, 2, 3}", "set()", "set(range(100))", "{str(n) for n in range(9)}"),
        "str": ('"abcab"', '""', '"\\ud800x"', '"\\U0001F600" * 3', '"\\u0130\\u00df"', '"%s %d {} \\\\1 \\\\g<n>"'),
        "time": ("datetime.time(1, 2, 3)", "datetime.time.max"),
        "timedelta": ("datetime.timedelta(1, 2, 3)", "datetime.timedelta.max", "datetime.timedelta.min"),
        "timezone": ("datetime.timezone.utc", "datetime.timezone(datetime.timedelta(hours=-3))"),
        "tuple": ("(1, 2, 3)", "([1], [2])", "()", "tuple(range(40))", "(keyed(K, 1), keyed(K, 2))"),
        "user": ("user",),
    }
)

#: Arguments that are seldom tested: bounds, wrong types, values that hold themselves, iterators in the middle.
ODD = (
    "None",
    "0",
    "-1",
    "2",
    "int('9223372036854775807')",
    "int('-9' + '0' * 40)",
    "float('nan')",
    "float('-inf')",
    '""',
    '"\\x00"',
    '"\\ud800"',
    '"\\U0010ffff"',
    'b""',
    'b"\\x80"',
    "()",
    "[]",
    "{}",
    "loop()",
    "knot()",
    "half(iter([1, 2, 3]))",
    "half(n for n in range(4))",
    "half(reversed([1, 2, 3]))",
    'iter("")',
    "ValueError(keep)",
    "StopIteration()",
    "decimal.Decimal('NaN')",
    "datetime.datetime.min",
    "range(-1)",
    "keep",
    "box",
    "api",
    "message",
    "str",
    "len",
    "keyed(K, 1)",
)

#: Labels of values that hold others and can be changed, and those that are only gone through.
CHANGING = ("list", "dict", "set", "deque", "OrderedDict", "Counter", "defaultdict")
HOLDING = (*CHANGING, "tuple", "str", "bytes", "frozenset", "range", "frozen dict", "frozen list")

#: Statements that change a container `{v}` while it is in use.
CHANGES = MappingProxyType(
    {
        "list": (
            "{v}.clear()",
            "{v}.append(keep)",
            "{v}.pop()",
            "{v}.insert(0, [0])",
            "{v}.extend({v})",
            "{v}[:] = []",
            "del {v}[1:]",
            "{v}[0] = None",
            "{v}[1:2] = [[n] for n in range(30)]",
            "{v} += [4]",
            "{v} *= 3",
            "{v}.sort(key=f0)",
            "{v}.reverse()",
        ),
        "dict": (
            "{v}.clear()",
            "{v}.pop(1, None)",
            "{v}.popitem()",
            "{v}.update({{n: n for n in range(50)}})",
            "{v}[len({v})] = [1]",
            "del {v}[1]",
            "{v}.setdefault(keep and 7, [])",
            "{v} |= {{n: [n] for n in range(9)}}",
            "shrink({v}, 1)",
            "shrink({v}, 2)",
            "grow({v}, 1)",
            "grow({v}, 2)",
            "grow({v}, 300)",
        ),
        "set": (
            "{v}.clear()",
            "{v}.pop()",
            "{v}.add(len(keep))",
            "{v}.discard(1)",
            "{v}.update(range(60))",
            "{v} &= {{1}}",
            "{v} ^= set(range(40))",
            "{v}.symmetric_difference_update({v})",
        ),
        "deque": (
            "{v}.clear()",
            "{v}.append([1])",
            "{v}.appendleft([2])",
            "{v}.pop()",
            "{v}.popleft()",
            "{v}.rotate(1)",
            "{v}.extend({v})",
            "{v}.insert(1, [3])",
            "{v}.reverse()",
            "del {v}[0]",
            "{v} *= 2",
        ),
    }
)


def changes(label: str) -> tuple[str, ...]:
    """The statements that change a container of this type: those of its own, or those of a dict."""
    return CHANGES.get(label, CHANGES["dict"])
