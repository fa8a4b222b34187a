"""Levels of the script API: one table, from which the check, the report of a check and the reference are made."""

from __future__ import annotations

import itertools

from sandbox.language import OFFERED, compile_source
from sandbox.language.api_levels import API_LEVEL, DEFAULT_LEVEL, LEVELS

SCRIPT = "{}\n\ndef status(user, session, api):\n    return hidden()\n"


def test_levels_are_numbered_without_a_gap_and_the_newest_offers_what_is_offered():
    assert list(LEVELS) == list(range(1, API_LEVEL + 1))
    assert all(level.number == number and level.summary for number, level in LEVELS.items())
    assert LEVELS[API_LEVEL].offered == OFFERED


def test_a_script_of_each_level_is_accepted_and_keeps_its_level():
    for number in LEVELS:
        compilation = compile_source(SCRIPT.format(f"API_LEVEL = {number}"))
        assert (compilation.api_level, compilation.code is not None) == (number, True)
    assert compile_source(SCRIPT.format("")).api_level == DEFAULT_LEVEL


def test_a_level_that_there_is_not_is_refused_with_those_that_there_are():
    [finding] = compile_source(SCRIPT.format(f"API_LEVEL = {API_LEVEL + 1}")).findings
    assert (finding.rule, finding.what) == ("api-level", "API_LEVEL must be 1.")


def test_no_level_has_less_than_the_one_before():
    names = [
        {(entry.kind, entry.where, name) for entry in level.offered for name in entry.names}
        for level in LEVELS.values()
    ]
    assert all(older <= newer for older, newer in itertools.pairwise(names))
