"""A child process: warms the language, then reports every file opened and module imported by a broad sample."""

from __future__ import annotations

import json
import sys

import test_language_honest as honest
import test_language_refused as refused

from sandbox.language import compile_source, execute, warm
from sandbox.language.offered import MODULES
from sandbox.language.parsing import UNOPENABLE

EVENTS: list[str] = []
WATCHED = {
    "open",
    "import",
    "os.listdir",
    "os.scandir",
    "subprocess.Popen",
    "socket.__new__",
    "ctypes.dlopen",
    "exec.x",
}
watching = False


def watch(event: str, arguments: tuple[object, ...]) -> None:
    # Python asks to open the name of a faulty script; that name cannot be turned into a path, so no call follows
    if watching and event in WATCHED and not (event == "open" and arguments[0] == UNOPENABLE):
        EVENTS.append(f"{event} {arguments[:1]!r}")


def scripts():
    for expression, before, inside, _ in honest.EXPRESSIONS.values():
        steps = "".join(f"    {line}\n" for line in inside.splitlines())
        yield f"{before}\ndef status(user, session, api):\n{steps}    return message(str({expression}))\n"
    for _, source in refused.WHOLE.values():
        yield source
    for _, steps in refused.INSIDE.values():
        body = "".join(f"    {line}\n" for line in steps.splitlines())
        yield f"def status(user, session, api):\n{body}    return hidden()\n"
    imports = "".join(f"import {module}\n" for module in MODULES)
    zones = "for z in zoneinfo.available_timezones(): zoneinfo.ZoneInfo(z).utcoffset(api.now())"
    calls = [
        "hashlib.blake2b(b'a').hexdigest()",
        "hashlib.md5(b'a', usedforsecurity=False).copy().digest()",
        "hmac.digest(b'k', b'm', 'sha3_512')",
        "statistics.quantiles([1, 2, 3], n=4)",
        "statistics.median_grouped([1, 2, 3])",
        "math.factorial(20)",
        "decimal.Decimal('1.10').sqrt().normalize()",
        "f\"{decimal.Decimal('1.5'):n} {1.5:n} {10**1 if 0 else 3:n}\"",
        "textwrap.fill('a b c d', 3)",
        "re.compile('[[a]b', re.X)",
        "re.compile('(?P<a>\\\\N{LATIN SMALL LETTER A})')",
        "unicodedata.lookup('LATIN SMALL LETTER A')",
        "datetime.datetime.strptime('2026 Mon 10 +0200', '%Y %a %d %z')",
        "datetime.datetime.now().astimezone().strftime('%c %x %X %p %Z %j')",
        "datetime.datetime(2026, 1, 1).timestamp()",
        "collections.Counter('aab').most_common(1)",
        "json.loads('[' * 5000)",
        "json.dumps({'a': [1]}, indent=2, default=str)",
        "base64.b64decode('%%%')",
        "urllib.parse.quote('\u00e9 /')",
        "int('x')",
        "'a'.encode('utf-16')",
        "'\u00e9'.encode('ascii', 'xmlcharrefreplace')",
        "sorted([1, 'a'])",
        "1 / 0",
        "[][1]",
        "recurse()",
        "'%s' % (1, 2)",
        "api.log(repr(ValueError('x')))",
    ]
    for call in calls:
        yield f"{imports}def recurse():\n    return recurse()\n\ndef status(user, session, api):\n    {zones}\n    return message(str({call}))\n"


def main() -> None:
    global watching
    sys.addaudithook(watch)
    warm()
    watching = True
    ran = 0
    for source in scripts():
        code = compile_source(source).code
        if code is None:
            continue
        try:
            execute(code, GIVEN, lambda what, arguments: {"status": 200, "headers": {}, "text": "{}"})
        except Exception:
            ran += 0  # what a script raises is its own business here
        ran += 1
    watching = False
    sys.stdout.write(json.dumps({"ran": ran, "events": sorted(set(EVENTS))}))


GIVEN = {"user": {}, "session": {"starts_at": "2026-01-01T00:00:00Z", "ends_at": "2026-01-01T00:00:00Z"},
         "now": "2026-01-01T00:00:00Z"}  # fmt: skip
main()
