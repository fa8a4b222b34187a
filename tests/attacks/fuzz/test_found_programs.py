"""What the fuzzer has found once: each program is refused, or runs and breaks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.fuzz.running import refused, verdict

RUNS = 2  #: a use of freed memory does not show each time
FOUND = sorted((Path(__file__).parent / "found").glob("*.txt"))


@pytest.mark.parametrize("file", FOUND, ids=lambda file: file.stem)
def test_a_found_program_breaks_nothing(build, file):
    checked = build.check(file.read_text(encoding="utf-8"))
    assert refused(checked) is None
    if checked.code is None:
        return
    for _ in range(RUNS):
        outcome = build.run(checked.code, 0, 0)
        assert verdict(outcome) is None, outcome
        assert list(build.addresses(checked.code, 0, 0, outcome)) == []
