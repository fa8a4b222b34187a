"""After `warm()` nothing is imported or opened: in the jail one such call kills the child."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from sandbox.language import RUNTIME_KEY, warm

HERE = Path(__file__).parent


def test_no_script_opens_a_file_or_imports_after_warm():
    child = subprocess.run(
        [sys.executable, "-W", "error", str(HERE / "after_warm.py")],
        cwd=HERE.parent.parent,
        env={"PYTHONPATH": f"{HERE}:{HERE.parent.parent}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert child.stderr == ""
    report = json.loads(child.stdout)
    assert report["events"] == []
    assert report["ran"] > 130


def test_warming_again_is_quick():
    started = time.monotonic()
    warm()
    assert time.monotonic() - started < 0.5


def test_the_runtime_key_names_the_exact_python():
    version = sys.version_info
    assert f"{version.major}.{version.minor}.{version.micro}" in RUNTIME_KEY
    assert RUNTIME_KEY.isascii()
