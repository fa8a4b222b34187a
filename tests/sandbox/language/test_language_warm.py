"""After `warm()` nothing is imported or opened: in the jail one such call kills the child."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from sandbox.language import RUNTIME_KEY, runtime_key, warm
from sandbox.language.offered import MODULES
from tests.sandbox.language import hostile
from tests.sandbox.language import test_language_honest as honest
from tests.support import ROOT

HERE = Path(__file__).parent

CALLS = [
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


def scripts():
    for expression, before, inside, _ in honest.EXPRESSIONS.values():
        yield script(f"str({expression})", before, inside)
    for _, source in hostile.WHOLE.values():
        yield source
    for _, steps in hostile.INSIDE.values():
        yield script("''", "", steps)
    before = "".join(f"import {module}\n" for module in MODULES) + "def recurse():\n    return recurse()\n"
    yield script(
        "''", before, "for z in zoneinfo.available_timezones():\n    zoneinfo.ZoneInfo(z).utcoffset(api.now())"
    )
    for call in CALLS:
        yield script(f"str({call})", before, "")


def script(expression, before, inside):
    steps = "".join(f"    {line}\n" for line in inside.splitlines())
    return f"{before}\ndef status(user, session, api):\n{steps}    return message({expression})\n"


def events_of_child(*arguments):
    child = subprocess.run(
        [sys.executable, "-W", "error", str(HERE / "after_warm.py"), *arguments],
        cwd="/",
        env={"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
        input=json.dumps(list(scripts())),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.stderr == ""
    return json.loads(child.stdout)


def test_no_script_opens_a_file_or_imports_after_warm():
    report = events_of_child()
    assert report["events"] == []
    assert report["ran"] > 130


def test_without_warm_the_same_scripts_do():
    assert any("encodings" in event for event in events_of_child("cold")["events"])


def test_warming_again_is_quick():
    started = time.monotonic()
    warm()
    assert time.monotonic() - started < 0.5


def test_the_runtime_key_names_the_exact_python():
    version = sys.version_info
    assert f"{version.major}.{version.minor}.{version.micro}" in RUNTIME_KEY
    assert RUNTIME_KEY.isascii()


def test_a_change_of_any_file_of_the_language_changes_the_runtime_key(tmp_path, monkeypatch):
    """Otherwise code that was compiled under an older policy would go on being run."""
    package = tmp_path / "language"
    shutil.copytree(runtime_key.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(runtime_key, "PACKAGE", package)
    before = runtime_key._runtime_key()
    assert before == RUNTIME_KEY
    files = [file for file in package.rglob("*.py") if file.read_text()]
    assert {"check", "guards", "standard_library"} <= {file.parent.name for file in files}
    for file in files:
        text = file.read_text()
        file.write_text(text + "\n")
        assert runtime_key._runtime_key() != before, file
        file.write_text(text)


def test_a_policy_file_that_is_moved_changes_the_runtime_key(tmp_path, monkeypatch):
    package = tmp_path / "language"
    shutil.copytree(runtime_key.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(runtime_key, "PACKAGE", package)
    (package / "check" / "names.py").rename(package / "run" / "names.py")
    assert runtime_key._runtime_key() != RUNTIME_KEY
