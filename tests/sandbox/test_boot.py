"""What a zygote is born with: every module costs each run memory, and some act after every fork."""

import json
import subprocess
import sys
from pathlib import Path

from sandbox import launcher


def loaded():
    path = [str(Path(__file__).parent), *launcher._import_path()]
    package = str(Path(launcher.__file__).parent)
    boot = launcher._BOOT.format(path=path, package=package, entry="what_is_loaded", stack=launcher.STACK_BYTES)
    started = subprocess.run([sys.executable, "-I", "-S", "-B", "-c", boot], capture_output=True, check=True, env={})
    return set(json.loads(started.stdout))


def test_a_zygote_carries_neither_the_broker_nor_modules_that_act_after_a_fork():
    carried = loaded()
    assert {"sandbox.zygote", "sandbox.child", "sandbox.language", "RestrictedPython"} <= carried
    assert not carried & {"sandbox.broker", "sandbox.launcher", "threading", "logging", "subprocess", "ssl", "redis"}
