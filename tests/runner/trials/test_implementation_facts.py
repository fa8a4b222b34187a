"""A script is held against its implementation: what its text asks for and the implementation does not have or allow."""

import difflib
from dataclasses import replace

import pytest

from records import SecretBox
from records.tenants import connections, implementations
from records.tenants.connections import ConnectionDraft
from runner.trials.fact_review import ConnectionFacts, ImplementationFacts, review_facts
from runner.trials.implementation_facts import facts_of
from runner.trials.trial import TrialSandbox
from sandbox import CallLiteral, CheckResult, Severity

FACTS = ImplementationFacts(
    slug="demo",
    connections={
        "ethosce": ConnectionFacts(frozenset({"GET"}), ("/course_credit_awarded.json", "/api/v1")),
        "cvent": ConnectionFacts(frozenset({"GET", "POST"}), ("/",)),
    },
    settings=frozenset({"claim_url", "register_url"}),
    link_hosts=("cme.example.org",),
)

#: Steps inside `status` -> the rule of the one warning and what it says, or nothing.
STEPS = {
    'x = api.get("ethosce", "/course_credit_awarded.json")': None,
    'x = api.get("ethosce", "/api/v1/rows?a=1")': None,
    'x = api.get("ethosce", "/api/" + user.id)': None,
    "x = api.get(user.id, '/nowhere')": None,
    'x = api.post("cvent", "/ea/x", json={})': None,
    'x = api.settings["claim_url"]': None,
    'x = api.settings.get("color")': None,
    'x = api.get("ethosec", "/api/v1")': ("unknown-connection", 'Did you mean "ethosce"?'),
    'x = api.get("hubspot", "/api/v1")': ("unknown-connection", "It has: cvent, ethosce."),
    'x = api.post("ethosce", "/api/v1")': ("connection-method", "It allows GET."),
    'x = api.get("ethosce", "/api/v10")': ("connection-path", "/course_credit_awarded.json, /api/v1"),
    'x = api.get("ethosce", "/api/v1/../v2")': ("connection-path", ". or .. segments"),
    'x = api.get("cvent", "/a b%2e%2e/%2e%2e/c")': ("connection-path", ". or .. segments"),
    'x = api.settings["claim_ulr"]': ("missing-setting", 'Did you mean "claim_url"?'),
    'x = api.settings["zone"]': ("missing-setting", "let the operator add this setting"),
    'return message("Go", link="https://evil.example/")': ("message-link", "evil.example"),
    'NAME = "cvnet"\nx = api.get(connection=NAME, path="/a")': ("unknown-connection", 'Did you mean "cvent"?'),
}


def script(steps):
    return "def status(user, session, api):\n" + "".join(
        f"    {line}\n" for line in [*steps.splitlines(), "return hidden()"]
    )


@pytest.fixture(scope="module")
def bench():
    with TrialSandbox(allow_weak=True) as made:
        yield made


@pytest.mark.parametrize("steps", STEPS)
def test_what_the_implementation_lacks_is_a_warning_at_its_place(bench, steps):
    wanted = STEPS[steps]
    review = bench.review(script(steps), facts=FACTS)
    assert review.ok
    if wanted is None:
        assert review.findings == ()
        return
    [finding] = review.findings
    assert (finding.rule, finding.severity) == (wanted[0], Severity.WARNING)
    assert finding.line == 1 + len(steps.splitlines())
    assert wanted[1] in f"{finding.what} {finding.why} {finding.instead}"


def test_a_call_in_a_helper_is_judged_where_the_helper_is_called(bench):
    source = """
def fetch(api, connection, path="/api/v1"):
    return api.get(connection, path).json()

def status(user, session, api):
    rows = [fetch(api, "ethosce"), fetch(api, "ethosec"), fetch(api, "ethosce", path="/other"), fetch(api, user.id)]
    return message(str(rows))
"""
    found = bench.review(source, facts=FACTS).findings
    assert [(one.rule, one.line, one.column) for one in found] == [
        ("unknown-connection", 6, 36),
        ("connection-path", 6, 59),
    ]


def test_without_facts_nothing_of_an_implementation_is_judged(bench):
    steps = 'x = api.get("nowhere", "/a")\ny = api.settings["nothing"]'
    assert bench.review(script(steps)).findings == ()


def test_the_calls_of_a_refused_script_are_known_too(bench):
    checked = bench.review("import os\n" + script('x = api.get("ethosce", "/a")')).checked
    assert checked.calls == (CallLiteral(3, 9, "GET", "ethosce", "/a"),)


def test_names_of_a_script_are_shown_without_control_characters():
    name = "\x1b[31m\u202e" + "x" * 500
    checked = CheckResult(
        "", (), calls=(CallLiteral(1, 1, "GET", name[:100], "/a"),), settings=(name,), setting_places=((1, 1),)
    )
    for one in review_facts(checked, FACTS):
        assert (one.what + one.why + one.instead).isprintable()
        assert len(one.what) < 250


def test_facts_are_read_from_the_records_and_hold_no_secret(house):
    box = SecretBox(house.settings.keys)
    with house.database.session() as db:
        made = implementations.create(
            db, "acme", "Acme", link_hosts=["cme.example.org"], script_settings={"claim_url": "x"}
        )
        draft = ConnectionDraft("vendor", "https://vendor.example", "bearer", {}, "s3cret-token", ("POST",), ("/api",))
        connections.save(db, box, made, draft)
        facts = facts_of(db, made)
    assert facts.connections == {"vendor": ConnectionFacts(frozenset({"POST"}), ("/api",))}
    assert (facts.slug, facts.settings, facts.link_hosts) == ("acme", {"claim_url"}, ("cme.example.org",))
    assert "s3cret" not in repr(facts)


def test_a_misspelt_name_is_compared_with_so_many_names_only(monkeypatch):
    compared = []
    close = difflib.get_close_matches
    monkeypatch.setattr(
        difflib,
        "get_close_matches",
        lambda name, known, **more: compared.append(len(known)) or close(name, known, **more),
    )
    settings = frozenset({f"name_{number}_{'x' * 90}" for number in range(3000)} | {"y" * 50_000})
    names = tuple(f"nome_{number}_{'x' * 90}" for number in range(200))
    checked = CheckResult("0" * 64, (), settings=names, setting_places=((1, 1),) * 200)
    found = review_facts(checked, replace(FACTS, settings=settings))
    assert 0 < len(found) <= 100
    assert len(compared) <= 100
    assert max(compared) <= 100


def test_the_same_misspelt_name_is_compared_once(monkeypatch):
    compared = []
    monkeypatch.setattr(difflib, "get_close_matches", lambda name, known, **more: compared.append(name) or [])
    calls = tuple(CallLiteral(number, 1, "GET", "nowhere_at_all", "/a") for number in range(1, 1000))
    review_facts(CheckResult("0" * 64, (), calls=calls), FACTS)
    assert len(compared) <= 1
