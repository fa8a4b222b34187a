"""`api.facts` and `api.facts_at` in a script: a frozen dict with a moment, empty and None without any."""

import pytest

FACTS = {"facts": {"claimed": True, "list": [{"n": 1}]}, "facts_at": "2026-05-04T09:10:00+02:00"}


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "None None"),
        ({"facts": {}, "facts_at": None}, "None None"),
        (FACTS, "True 2026-05-04 09:10:00+02:00"),
    ],
)
def test_a_script_reads_its_facts_and_when_they_were_true(say, given, text):
    assert say('str(api.facts.get("claimed")) + " " + str(api.facts_at)', **given) == text


@pytest.mark.parametrize("change", ['facts["claimed"] = False', 'facts["list"][0]["n"] = 2', 'facts["list"].append(1)'])
def test_a_script_cannot_change_its_facts(say, change):
    inside = f'facts = api.facts\ntry:\n    {change}\n    done = "changed"\nexcept (AttributeError, TypeError) as error:\n    done = str(error)'
    assert "Frozen" in say("done", inside=inside, **FACTS)


def test_an_error_about_a_missing_fact_says_which_there_are(say):
    inside = 'try:\n    found = api.facts["seat"]\nexcept KeyError as error:\n    found = str(error)'
    assert say("found", inside=inside, **FACTS) == "\"api.facts has no 'seat'; api.facts has: claimed, list\""
