"""Honest scripts, written as authors of small scripts write them: they must work unchanged."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.language import compile_source

#: What is tried -> an expression, statements before `status`, statements inside it, the text it must give.
EXPRESSIONS = {
    "percent": ('"%s has %d of %.1f (%5s)" % (user.first_name, 2, 3.0, "x")', "", "", "Ann has 2 of 3.0 (    x)"),
    "percent with names": ('"%(a)s" % {"a": 1}', "", "", "1"),
    "format automatic": ('"{} of {}".format(1, 2)', "", "", "1 of 2"),
    "format numbered": ('"{1} {0} {1}".format("a", "b")', "", "", "b a b"),
    "format named": ('"{n:.1f} {who!r}".format(n=1, who="x")', "", "", "1.0 'x'"),
    "format nested width": ('"{:>{w}}|".format("a", w=3)', "", "", "  a|"),
    "format with braces": ('"{{{}}}".format(1)', "", "", "{1}"),
    "f-string": ('f"{user.first_name:>5}|{1+1!r}|{3.14159:.2f}"', "", "", "  Ann|2|3.14"),
    "concatenation": ('"a" + str(1) + "b"', "", "", "a1b"),
    "item in place": ('d["n"]', "", 'd = {"n": 1}\nd["n"] += 4', "5"),
    "nested item in place": ('d["a"][0]', "", 'd = {"a": [1]}\nd["a"][0] *= 7', "7"),
    "slice in place": ("x", "", "x = [1, 2, 3]\nx[1:] += [4]", "[1, 2, 3, 4]"),
    "name in place": ("n", "", "n = 1\nn += 1\nn -= 5\nn //= 2", "-2"),
    "list in place keeps the list": ("y", "", "x = []\ny = x\nx += [1]", "[1]"),
    "del item": ("d", "", 'd = {"a": 1, "b": 2}\ndel d["a"]', "{'b': 2}"),
    "del name": ("1", "", "x = 1\ndel x", "1"),
    "isinstance": ('[isinstance(1, int), isinstance("", (list, str)), isinstance({}, list)]', "", "",
                   "[True, True, False]"),
    "isinstance with a bar": ("isinstance(1.0, int | float | None)", "", "", "True"),
    "isinstance of None": ("isinstance(None, str | None)", "", "", "True"),
    "isinstance of an error": ("x", "", "try:\n    int('a')\nexcept Exception as e:\n    x = isinstance(e, ValueError)",
                               "True"),
    "bare except": ("x", "", "try:\n    1 / 0\nexcept:\n    x = 'caught'", "caught"),
    "try else finally": ("x", "", ("x = []\ntry:\n    x.append(1)\nexcept ValueError:\n    pass\nelse:\n    x.append(2)\n"
                         "finally:\n    x.append(3)"), "[1, 2, 3]"),
    "error text": ("x", "", "try:\n    raise ValueError('no seat')\nexcept ValueError as e:\n    x = str(e) + e.args[0]",
                   "no seatno seat"),
    "raise from": ("x", "", ("try:\n    try:\n        1 / 0\n    except ZeroDivisionError as e:\n"
                   "        raise RuntimeError('y') from e\nexcept RuntimeError as e:\n    x = str(e)"), "y"),
    "assert": ("x", "", "try:\n    assert 1 == 2, 'odd'\nexcept AssertionError as e:\n    x = e", "odd"),
    "keyword and default arguments": ("f(1, c=3)", "def f(a, b=2, *, c=0):\n    return [a, b, c]", "", "[1, 2, 3]"),
    "star parameters": ("f(1, 2, k=3)", "def f(*args, **kwargs):\n    return [args, kwargs]", "",
                        "[(1, 2), {'k': 3}]"),
    "dict unpacking": ("{**d, 'b': 2}", "", "d = {'a': 1}", "{'a': 1, 'b': 2}"),
    "list unpacking": ("[*x, 3]", "", "x = (1, 2)", "[1, 2, 3]"),
    "dict union": ("{'a': 1} | {'b': 2}", "", "", "{'a': 1, 'b': 2}"),
    "walrus": ("n", "", "if (n := len('abc')) > 2:\n    pass", "3"),
    "lambda and sort key": ("sorted([{'a': 2}, {'a': 1}], key=lambda r: r['a'], reverse=True)[0]['a']", "", "", "2"),
    "sort by a method": ("sorted(['b', 'A'], key=str.lower)", "", "", "['A', 'b']"),
    "list sort": ("x", "", "x = [3, 1]\nx.sort()", "[1, 3]"),
    "max with key and default": ("[max([1, 5], key=lambda v: -v), max([], default=0)]", "", "", "[1, 0]"),
    "comprehensions": ("[[a * b for a in [1, 2]] for b in [3] if b] + sorted({k: v for k, v in {'x': 1}.items()})",
                       "", "", "[[3, 6], 'x']"),
    "set comprehension": ("sorted({x % 2 for x in range(5)})", "", "", "[0, 1]"),
    "generator expression": ("sum(x for x in range(4) if x) + next((y for y in [7] if y), 0)", "", "", "13"),
    "any all": ("[any([0, 1]), all([])]", "", "", "[True, True]"),
    "enumerate zip": ("x", "", "x = []\nfor i, (a, b) in enumerate(zip([1, 2], 'ab'), start=1):\n    x.append((i, a, b))",
                      "[(1, 1, 'a'), (2, 2, 'b')]"),
    "map filter": ("list(map(str, filter(None, [0, 1])))", "", "", "['1']"),
    "reversed range": ("list(reversed(range(3)))", "", "", "[2, 1, 0]"),
    "unpacking with a star": ("[a, b, c]", "", "a, *b, c = [1, 2, 3, 4]", "[1, [2, 3], 4]"),
    "unpacking into a list": ("a + b", "", "[a, b] = 1, 2", "3"),
    "swap": ("[a, b]", "", "a, b = 1, 2\na, b = b, a", "[2, 1]"),
    "underscore target": ("x", "", "x = 0\nfor _ in range(3):\n    x += 1\n_, y = 1, 2\nx += y", "5"),
    "while break continue else": ("x", "", "x = 0\nwhile True:\n    x += 1\n    if x < 3:\n        continue\n    break",
                                  "3"),
    "nested def and closure": ("add(2)", "", ("n = 40\ndef add(x):\n    def inner():\n        return n + x\n"
                               "    return inner()"), "42"),
    "recursion": ("f(5)", "def f(n):\n    return 1 if n < 2 else n * f(n - 1)", "", "120"),
    "conditional expression": ("'a' if user.id else 'b'", "", "", "a"),
    "chained comparison": ("1 < 2 <= 2 != 3", "", "", "True"),
    "string methods": ("' A-b '.strip().lower().replace('-', ' ').title().split(' ')", "", "", "['A', 'B']"),
    "join": ("', '.join(sorted({'b', 'a'}))", "", "", "a, b"),
    "encode and decode": ("'\u00e9'.encode().decode('utf-8') + '\u00e9'.encode('latin-1').decode('cp1252')", "", "",
                          "\u00e9\u00e9"),
    "str of bytes": ("str(b'a', 'utf-8') + str(bytes('b', 'ascii'), encoding='ascii')", "", "", "ab"),
    "idna": ("'b\u00fccher.example'.encode('idna')", "", "", "b'xn--bcher-kva.example'"),
    "translate": ("'a-b'.translate(str.maketrans({'-': '_'}))", "", "", "a_b"),
    "json": ("json.dumps(json.loads('{\"a\": [1, null]}'), sort_keys=True)", "import json", "", '{"a": [1, null]}'),
    "json as": ("j.loads('[1]')", "import json as j", "", "[1]"),
    "json error": ("x", "import json", "try:\n    json.loads('{')\nexcept json.JSONDecodeError as e:\n    x = 'bad'",
                   "bad"),
    "json error as ValueError": ("x", "from json import loads",
                                 "try:\n    loads('{')\nexcept ValueError as e:\n    x = 'bad'", "bad"),
    "datetime": ("datetime(2026, 1, 2, tzinfo=timezone.utc) + timedelta(days=1)",
                 "from datetime import datetime, timedelta, timezone", "", "2026-01-03 00:00:00+00:00"),
    "datetime module": ("datetime.datetime(2026, 1, 2).date() - datetime.date(2026, 1, 1)", "import datetime", "",
                        "1 day, 0:00:00"),
    "now of a zone": ("datetime.now(timezone.utc) == api.now()", "from datetime import datetime, timezone", "", "True"),
    "now is without zone": ("[datetime.now(), datetime.utcnow(), datetime.today()]", "from datetime import datetime", "",
                            str([datetime(2026, 5, 4, 7, 30)] * 3)),  # noqa: DTZ001 -- as scripts get it
    "today": ("date.today()", "from datetime import date", "", "2026-05-04"),
    "fromisoformat": ("datetime.fromisoformat('2026-01-02T03:04:05Z')", "from datetime import datetime", "",
                      "2026-01-02 03:04:05+00:00"),
    "strptime": ("datetime.strptime('Jan 02 2026', '%b %d %Y').strftime('%A')", "from datetime import datetime", "",
                 "Friday"),
    "fromtimestamp": ("datetime.fromtimestamp(0, tz=timezone.utc)", "from datetime import datetime, timezone", "",
                      "1970-01-01 00:00:00+00:00"),
    "isinstance of datetime": ("[isinstance(session.starts_at, datetime), isinstance(1, timedelta)]",
                               "from datetime import datetime, timedelta", "", "[True, False]"),
    "time left": ("int((session.ends_at - api.now()).total_seconds() // 60)", "", "", "30"),
    "zone": ("session.starts_at.astimezone(ZoneInfo('America/New_York')).strftime('%H:%M %Z')",
             "from zoneinfo import ZoneInfo", "", "03:00 EDT"),
    "zone module": ("zoneinfo.ZoneInfo('Europe/Paris').key", "import zoneinfo", "", "Europe/Paris"),
    "unknown zone": ("x", "import zoneinfo", ("try:\n    zoneinfo.ZoneInfo('Mars/Base')\nexcept "
                     "zoneinfo.ZoneInfoNotFoundError as e:\n    x = 'none'"), "none"),
    "unknown zone as KeyError": ("x", "from zoneinfo import ZoneInfo",
                                 "try:\n    ZoneInfo('../etc/passwd')\nexcept KeyError as e:\n    x = 'none'", "none"),
    "f-string time": ("f'{session.starts_at:%d %b %H:%M}'", "", "", "04 May 09:00"),
    "iso week": ("session.starts_at.isocalendar().week", "", "", "19"),
    "regex": ("re.sub(r'(\\d+)', lambda m: str(int(m.group(1)) * 2), 'a12')", "import re", "", "a24"),
    "regex findall": ("PATTERN.findall('a1 B2')", 'import re\nPATTERN = re.compile(r"[a-z]\\d", re.I)', "", "['a1', 'B2']"),
    "regex flags": ("bool(re.search('^b', 'a\\nB', re.I | re.M))", "import re", "", "True"),
    "regex groups": ("m['year'] + m.group('year') + m[1]", "import re",
                     "m = re.match(r'(?P<year>\\d{4})', '2026')", "202620262026"),
    "regex iteration": ("[m.start() for m in re.finditer('a', 'aba')]", "import re", "", "[0, 2]"),
    "decimal": ("(Decimal('2.345') * 2).quantize(Decimal('0.01'), rounding=ROUND_HALF_UP)",
                "from decimal import Decimal, ROUND_HALF_UP", "", "4.69"),
    "decimal in an f-string": ("f'{session.credits:.2f} {session.credits}'", "", "", "1.00 1.0"),
    "decimal error": ("x", "from decimal import Decimal, InvalidOperation",
                      "try:\n    Decimal('x')\nexcept InvalidOperation:\n    x = 'bad'", "bad"),
    "math": ("math.ceil(1.2) + math.floor(math.sqrt(17)) + int(math.pi)", "import math", "", "9"),
    "statistics": ("[statistics.mean([1, 2]), statistics.median([3, 1, 2])]", "import statistics", "", "[1.5, 2]"),
    "hashlib": ("hashlib.sha256('a'.encode()).hexdigest()[:8]", "import hashlib", "", "ca978112"),
    "md5 by name": ("hashlib.new('md5', b'a').hexdigest()[:8]", "import hashlib", "", "0cc175b9"),
    "hmac": ("hmac.new(b'k', 'm'.encode(), hashlib.sha256).hexdigest()[:8]", "import hashlib\nimport hmac", "",
             "b60090e3"),
    "hmac by name": ("hmac.new(b'k', b'm', 'sha256').hexdigest()[:8]", "import hmac", "", "b60090e3"),
    "base64": ("base64.b64encode('a:b'.encode()).decode()", "import base64", "", "YTpi"),
    "quote": ("quote('a b/c') + urlencode({'a': 'x y', 'b': 1})", "from urllib.parse import quote, urlencode", "",
              "a%20b/ca=x+y&b=1"),
    "urllib dotted": ("urllib.parse.quote('\u00e9', safe='')", "import urllib.parse", "", "%C3%A9"),
    "urllib parse as": ("up.parse_qs('a=1&a=2')", "import urllib.parse as up", "", "{'a': ['1', '2']}"),
    "unicodedata": ("unicodedata.normalize('NFKD', '\u00e9')[0]", "import unicodedata", "", "e"),
    "textwrap": ("textwrap.shorten('one two three', width=10, placeholder='.')", "import textwrap", "", "one two."),
    "itertools": ("[(k, len(list(g))) for k, g in itertools.groupby('aab')]", "import itertools", "",
                  "[('a', 2), ('b', 1)]"),
    "chain from_iterable": ("list(chain.from_iterable([[1], [2]]))", "from itertools import chain", "", "[1, 2]"),
    "islice of count": ("[n for n in islice(count(5), 2)]", "from itertools import count, islice", "", "[5, 6]"),
    "reduce": ("functools.reduce(lambda a, b: a + b, [1, 2, 3])", "import functools", "", "6"),
    "partial": ("functools.partial(int, base=2)('101')", "import functools", "", "5"),
    "Counter": ("Counter('abca').most_common(1)[0]", "from collections import Counter", "", "('a', 2)"),
    "Counter in place": ("c['x']", "from collections import Counter", "c = Counter()\nc['x'] += 2", "2"),
    "defaultdict": ("dict(d)", "from collections import defaultdict",
                    "d = defaultdict(list)\nfor k, v in [('a', 1), ('a', 2)]:\n    d[k].append(v)", "{'a': [1, 2]}"),
    "deque": ("list(d)", "from collections import deque", "d = deque([1, 2], maxlen=2)\nd.append(3)", "[2, 3]"),
    "typing is dropped": ("f(3)", ("from __future__ import annotations\nfrom typing import Optional, List\n"
                          "def f(a: Optional[List[int]] = None) -> 'Unknown[str]':\n    x: int = a\n    y: str\n"
                          "    return x"), "", "3"),
    "import inside a function": ("f()", "def f():\n    import json\n    return json.dumps(1)", "", "1"),
    "constants": ("[DAY, LIMIT, RATE, TABLE['a'], WORDS, WHEN.year, TOTAL]",
                  ('"""Doc."""\nimport re\nfrom datetime import datetime, timedelta, timezone\n'
                  'from decimal import Decimal\nDAY = 24 * 60\nLIMIT = timedelta(minutes=5)\n'
                  'RATE = Decimal("0.25")\nTABLE = {"a": [1, -2], "b": ("x",)}\nWORDS = "a b".split()\n'
                  "WHEN = datetime(2026, 1, 1, tzinfo=timezone.utc)\nTOTAL = DAY * 2 + 1\nAPI_LEVEL = 1"), "",
                  "[1440, datetime.timedelta(seconds=300), Decimal('0.25'), [1, -2], ['a', 'b'], 2026, 2881]"),
    "constants of constants": ("[URL, A + B, TEXT]", ('HOST = "https://x"\nURL = f"{HOST}/y/{3:02d}"\nA, B = 1, 2\n'
                               'TEXT = "%s!" % HOST'), "", "['https://x/y/03', 3, 'https://x!']"),
    "attributes": (("[user.attributes['email'], user.attributes.get('x', 1), 'tags' in user.attributes, "
                   "len(user.attributes), [t for t in user.attributes['tags']], sorted(user.attributes.keys())]"), "", "",
                   "['ann@example.org', 1, True, 3, ['vip', 'speaker'], ['address', 'email', 'tags']]"),
    "frozen data compares as data": (("[user.attributes['tags'] == ['vip', 'speaker'], "
                                     "{**user.attributes['address']}, isinstance(api.settings, dict), "
                                     "isinstance(api.settings['rooms'], list)]"), "", "",
                                     "[True, {'city': 'Paris'}, True, True]"),
    "frozen data as JSON": ("json.dumps(user.attributes['address'])", "import json", "", '{"city": "Paris"}'),
    "copy of frozen data changes": ("x", "", "x = api.settings['rooms'].copy()\nx += ['C']", "['A', 'B', 'C']"),
    "frozen list in place makes a new one": ("[x, api.settings['rooms']]", "", "x = api.settings['rooms']\nx += ['C']",
                                             "[['A', 'B', 'C'], ['A', 'B']]"),
    "emoji joined": ("'\U0001f469\u200d\u2695\ufe0f'", "", "", "\U0001f469\u200d\u2695\ufe0f"),
    "persian": ("'\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645'", "", "", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
    "bytes of a number": ("bytes([104, 105]).decode()", "", "", "hi"),
    "format builtin": ("format(1234.5, ',.2f')", "", "", "1,234.50"),
    "round divmod abs": ("[round(2.567, 1), divmod(7, 2), abs(-1)]", "", "", "[2.6, (3, 1), 1]"),
    "printed as a name": ("printed", "", "printed = 1", "1"),
    "default of a constant": ("f()", "N = 3\ndef f(n=N, t=(1, -1)):\n    return n", "", "3"),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_what_authors_write_works(name, say):
    expression, before, inside, expected = EXPRESSIONS[name]
    assert say(expression, before=before, inside=inside) == expected


def test_every_time_zone_can_be_used(say):
    text = say(
        "len([datetime(2026, 7, 1, tzinfo=ZoneInfo(z)).utcoffset() for z in available_timezones()])",
        before="from datetime import datetime\nfrom zoneinfo import ZoneInfo, available_timezones",
    )
    assert int(text) > 590


def test_the_script_of_the_design_gives_its_message(run, calls):
    source = """
def status(user, session, api):
    awarded = api.get("ethosce", "/course_credit_awarded.json", params={"uid": user.id, "nid": session.id}).json()
    if awarded["list"]:
        return message("Credit claimed", color="#006109")
    return message("Claim 1.0 CE credit", link=with_query("https://cme.example.org/claim/" + session.id, return_to=api.return_url()))
"""
    claimed = {"status": 200, "headers": {}, "text": '{"list": [1]}'}
    assert run(source, answer=claimed) == {"text": "Credit claimed", "link": None, "color": "#006109"}
    link = "https://cme.example.org/claim/s-9?return_to=https%3A%2F%2Fapp.example.org%2Fr%2Ft0ken"
    unclaimed = {"status": 200, "headers": {}, "text": '{"list": []}'}
    assert run(source, answer=unclaimed) == {"text": "Claim 1.0 CE credit", "link": link, "color": None}
    request = calls[0][1]
    assert request["params"] == [["uid", "u-1"], ["nid", "s-9"]]
    assert (request["method"], request["connection"], request["has_json"]) == ("GET", "ethosce", False)


def test_print_and_log_write_the_same_log(run, calls):
    run(
        'def status(user, session, api):\n    print("a", 1, sep="-", end="")\n    api.log("b", [2])\n    return hidden()\n'
    )
    assert [arguments["text"] for _, arguments in calls] == ["a-1", "b [2]"]


def test_hidden_is_none(run):
    assert run("def status(user, session, api):\n    return hidden()\n") is None


def test_a_note_does_not_keep_a_script_from_running():
    source = (
        "def status(user, session, api):\n    try:\n        return hidden()\n    except:\n        return hidden()\n"
    )
    compilation = compile_source(source)
    assert compilation.code is not None
    assert [(finding.rule, finding.severity) for finding in compilation.findings] == [("bare-except", "note")]


def test_a_time_without_zone_is_a_warning():
    source = (
        "from datetime import datetime\n\ndef status(user, session, api):\n    return message(str(datetime.now()))\n"
    )
    assert [finding.rule for finding in compile_source(source).findings] == ["naive-now"]


def test_an_encoding_line_for_utf8_is_a_note():
    source = "# -*- coding: utf-8 -*-\ndef status(user, session, api):\n    return hidden()\n"
    compilation = compile_source(source)
    assert compilation.code is not None
    assert [finding.rule for finding in compilation.findings] == ["coding-utf8"]


def test_windows_line_ends_are_fine(run):
    assert run('def status(user, session, api):\r\n    return message("x")\r\n')["text"] == "x"


def test_literals_are_collected_with_their_place():
    source = """
GREEN = "#006109"

def status(user, session, api):
    if user.id:
        return message("Claimed", color=GREEN)
    return message(f"Hi {user.id}", "https://example.org/")
"""
    found = compile_source(source).literals
    assert [(each.line, each.column, each.text, each.link, each.color) for each in found] == [
        (6, 16, "Claimed", None, "#006109"),
        (7, 12, None, "https://example.org/", None),
    ]


def test_scans_count_minutes_until_now_for_who_is_still_inside(say):
    scans = [
        {"at": "2026-05-04T07:00:00Z", "direction": "in"},
        {"at": "2026-05-04T07:10:00Z", "direction": "out"},
        {"at": "2026-05-04T07:15:00Z", "direction": "in"},
    ]
    text = say("[s.minutes, s.count, s.first_in.hour, s.last_out.minute]", inside="s = api.scans()", scans=scans)
    assert text == "[25, 3, 7, 10]"


def test_minutes_that_are_told_count_instead_of_the_time_between_scans(say):
    scans = [{"at": "2026-05-04T07:50:00Z", "direction": "in"}]
    assert say("api.scans().minutes", scans=scans, minutes=52) == "52"
    assert say("api.scans().minutes", scans=scans, minutes=0) == "0"


def test_scans_end_with_the_session(say):
    scans = [{"at": "2026-05-04T07:50:00Z", "direction": "in"}]
    assert say("api.scans().minutes", scans=scans, now="2026-05-04T23:00:00Z") == "10"


def test_missing_fields_read_as_empty_or_none(say):
    expression = (
        "[user.badge_id, user.attributes, session.title, session.starts_at, session.parent_id, session.credits]"
    )
    assert say(expression, user={"id": 7}, session={"id": "s"}) == "['', {}, '', None, None, None]"


def test_times_are_aware(say):
    assert say("[session.starts_at.tzinfo is not None, session.starts_at < api.now()]") == "[True, True]"
    naive = {"starts_at": "2026-05-04T09:00:00"}
    assert say("session.starts_at", session=naive) == str(datetime(2026, 5, 4, 9, tzinfo=UTC))


SETTINGS = """
CLAIM = "claim_url"

def link_of(settings, session):
    return settings["path"] + settings[CLAIM]

def status(user, session, api):
    texts = api.settings
    if "beta" in texts and texts["beta"]:
        return message(texts.get("color") or texts["color"])
    first, *_ = [api.settings["claimed"], {"settings": 1}["settings"], texts[session.id]]
    return message(first, link_of(api.settings, session))
"""


def test_the_settings_without_which_a_script_fails_are_collected():
    # not those which it asks for with `in` or `get`, nor what is computed or read from another dict
    assert compile_source(SETTINGS).settings == ("claim_url", "claimed", "path")


def test_a_refused_script_tells_no_settings():
    assert compile_source(SETTINGS + "\nimport os\n").settings == ()
