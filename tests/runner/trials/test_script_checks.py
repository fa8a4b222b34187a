"""Checks in a web process: a crowd of authors takes a few threads of the server, and no more."""

import pytest
from runner.trials.script_checks import ChecksUnavailable, ScriptChecks

from runner.trials import script_checks
from runner.trials.fact_review import ImplementationFacts
from tests.support.application import make_settings

FACTS = ImplementationFacts("demo", {}, frozenset(), ())


def test_a_check_beyond_those_that_wait_is_refused_at_once_and_the_places_are_free_again(monkeypatch):
    monkeypatch.setattr(script_checks, "AT_A_TIME", 1)
    monkeypatch.setattr(script_checks, "MOST_WAITING", 0)
    monkeypatch.setattr(script_checks, "WAIT_S", 3600.0)  # a check that waited would end no more
    checks, refused = ScriptChecks(make_settings()), []

    class Sandbox:
        """In place of the jail: asks for another check while one is made."""

        def review(self, source, *, facts):
            with pytest.raises(ChecksUnavailable) as away:
                checks.review(source, facts)
            refused.append(away.value.busy)
            return source

    monkeypatch.setattr(checks, "_started", Sandbox)
    assert [checks.review("one", FACTS), checks.review("two", FACTS)] == ["one", "two"]
    assert refused == [True, True]
