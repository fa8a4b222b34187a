"""The check of the script API never flags a right script: examples, the guides' snippets, and every good corpus of the tests."""

from __future__ import annotations

import re

import pytest

from sandbox.language import compile_source
from sandbox.language.rules.api_rules import API
from tests.attacks.hostile_scripts import corpus, generated
from tests.sandbox.language import test_language_honest as honest
from tests.support import ROOT

EXAMPLES = sorted((ROOT / "scripts" / "examples").glob("*/script.py"))
SNIPPETS = [
    (page.name, number, text)
    for page in sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    for number, text in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL))
    if "def status(" in text
]
#: Attacks and oddities that must be run: the check has nothing to say about what the runtime decides.
RUN = [attack for attack in [*corpus.written(), *generated.attacks()] if attack.ends and not attack.rules]
#: These return nothing, on purpose.
WITHOUT_MESSAGE = {"no-return", "message-unused"}


def flagged(source):
    return [finding for finding in compile_source(source).findings if finding.rule in API]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_an_example_has_no_finding(path):
    assert compile_source(path.read_text()).findings == ()


def test_there_are_examples_and_snippets():
    assert len(EXAMPLES) >= 7
    assert len(SNIPPETS) >= 4


@pytest.mark.parametrize(("page", "number", "text"), SNIPPETS, ids=lambda value: str(value)[:20])
def test_a_snippet_of_the_guides_has_no_finding(page, number, text):
    assert compile_source(text).findings == (), (page, number)


@pytest.mark.parametrize("name", honest.EXPRESSIONS)
def test_what_honest_authors_write_is_not_flagged(name):
    expression, before, inside, _ = honest.EXPRESSIONS[name]
    steps = "".join(f"    {line}\n" for line in inside.splitlines())
    assert flagged(f"{before}\ndef status(user, session, api):\n{steps}    return message(str({expression}))\n") == []


@pytest.mark.parametrize("attack", RUN, ids=lambda attack: attack.name)
def test_what_only_a_run_can_decide_is_not_flagged(attack):
    assert [one for one in flagged(attack.source) if one.rule not in WITHOUT_MESSAGE] == []


def test_the_scripts_of_the_benchmarks_are_not_flagged():
    assert flagged((ROOT / "benchmarks" / "script.txt").read_text()) == []


#: Right scripts that look at first like mistakes.
RIGHT = {
    "a value of several types that the script tests": """
def name_of(value):
    if isinstance(value, dict):
        return value.get("name")
    return value.title

def status(user, session, api):
    return message(str(name_of(session)) + str(name_of({"name": "a"})))
""",
    "an error that the script expects": """
def status(user, session, api):
    try:
        name = user.name
    except AttributeError:
        name = user.first_name
    try:
        kind = session["kind"]
    except (TypeError, KeyError):
        kind = ""
    return message(name + kind)
""",
    "a helper that may return None, and is tested": """
def credit(session):
    if session.credits:
        return message("Claim")

def late(session, api):
    if session.ends_at and api.now() > session.ends_at:
        return message("Over")
    return None

def status(user, session, api):
    found = credit(session)
    if found:
        return found
    return late(session, api) or hidden()
""",
    "paths that end in every branch": """
def status(user, session, api):
    try:
        if user.id:
            return hidden()
        elif session.id:
            raise ValueError("a")
        else:
            while True:
                if api.now():
                    return message("a")
    except ValueError:
        return message("b")
    finally:
        api.log("done")
""",
    "a loop that only a return leaves": """
def status(user, session, api):
    page = 1
    while True:
        for row in api.get("c", "/rows", params={"page": page}).json()["rows"]:
            if row["id"] == session.id:
                break
        else:
            return hidden()
        page += 1
        if page > 3:
            raise ValueError("too many pages")
""",
    "names of the arguments for other things": """
def status(user, session, api):
    people = [{"name": "a", "user": {"email": "b"}}]
    return message(", ".join(user["name"] + user["user"]["email"] for user in people))
""",
    "a helper with arguments of several kinds": """
def text(value):
    return value.strip() if value else ""

def read(source, name):
    return source.get(name)

def status(user, session, api):
    first = read(user.attributes, "a"), read({"a": 1}, "a"), read(api.settings, "a")
    return message(text(user.first_name) + text(None) + str(first))
""",
    "a variable of several kinds": """
def status(user, session, api):
    answer = None
    if user.badge_id:
        answer = api.get("c", "/a/" + user.badge_id)
    if answer is not None and answer.ok:
        answer = answer.json()
    if answer and not user.username:
        answer = {"text": "a"}
    return message(str(answer))
""",
    "times with and without zones, each for itself": """
from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
OPENS = datetime(2026, 5, 4, 9, tzinfo=PARIS)
DAY = timedelta(days=1)

def status(user, session, api):
    zone = ZoneInfo(api.settings.get("zone", "UTC"))
    now = datetime.now(timezone.utc)
    local = datetime.strptime("2026-05-04 09:00", "%Y-%m-%d %H:%M").replace(tzinfo=zone)
    read = datetime.fromisoformat(user.attributes.get("until", "2026-05-04T09:00:00Z"))
    midnight = datetime.combine(session.starts_at.date(), time(0), tzinfo=PARIS)
    stripped = session.starts_at.replace(tzinfo=None) < datetime(2026, 5, 4)
    naive = datetime(2026, 5, 4) - datetime(2026, 5, 3) > DAY
    if now > session.ends_at or local > api.now() or read < now or midnight > OPENS - DAY or stripped or naive:
        return message("Over")
    if session.starts_at.date() == date.today() and now - session.starts_at > DAY:
        return message(f"{session.ends_at - now} left")
    return hidden()
""",
    "JSON that the script reads itself": """
import json

def parse(text):
    return json.loads(text)

def status(user, session, api):
    answer = api.get("c", "/a")
    try:
        data = json.loads(answer.text)
        more = answer.json()
    except json.JSONDecodeError:
        data = more = {}
    try:
        data = parse(answer.text)
        more = answer.json()
    except json.JSONDecodeError:
        data = {}
    try:
        more = answer.json()
    except ApiError:
        more = {}
    except json.JSONDecodeError:
        more = {}
    return message(str(data) + str(more))
""",
    "kinds of errors, also the script's own": """
def status(user, session, api):
    try:
        if not user.id:
            raise ApiError("no id", "no id")
        api.get("c", "/a")
    except ApiError as problem:
        if problem.kind in ("timeout", "breaker open") or problem.kind == "no id":
            return hidden()
        return message(str(problem.kind) + str(problem.args))
    return message("a")
""",
    "functions as values": """
def late(session):
    return message("Late")

def early(session):
    return message("Early")

def status(user, session, api):
    ways = {"late": late, "early": early}
    ask = api.get if user.id else api.post
    ask("c", "/a", params=[("a", 1)], headers=None)
    for call in (api.get, api.post):
        call("c", "/b")
    log = api.log
    log("a", 1, sep=", ")
    key = session.attributes.get("kind", "late")
    return ways[key](session) if callable(ways.get(key)) else hidden()
""",
    "credits as numbers and text": """
from decimal import Decimal

def status(user, session, api):
    if session.credits is None or session.credits <= 0 or Decimal("1.5") < session.credits:
        return hidden()
    minutes = api.scans().minutes
    text = "Claim " + str(session.credits) + " CE" if minutes > 45.5 else f"{minutes} of {45 - minutes}"
    return message(text.upper().strip(), link="https://a.example/" + (session.parent_id or session.id), color=None)
""",
    "with_query in all its forms": """
def status(user, session, api):
    base = "https://a.example/x"
    links = [with_query(base), with_query(base, {"from": 1}), with_query(base, [("a", 1)], url="b", params="c")]
    links.append(with_query(base, user.attributes, back=api.return_url()))
    return message("a", links[0])
""",
    "a nested function and a lambda": """
def status(user, session, api):
    def found(rows, key):
        return [row for row in rows if row.get("user") == user.id and row[key]]
    rows = api.get("c", "/rows").json()
    first = min(rows, key=lambda row: row["at"], default=None)
    label = (lambda user: user["name"])(first) if first else user.first_name
    return message(label + str(len(found(rows, "done"))))
""",
    "the walrus": """
def status(user, session, api):
    if (answer := api.get("c", "/a")).ok and (data := answer.json()):
        return message(data["text"])
    return hidden()
""",
    "an error in a place of its own": """
def status(user, session, api):
    try:
        answer = api.get("c", "/a")
    except ApiError as session_error:
        api.log(session_error.kind, session_error.connection, session_error)
        raise
    else:
        return message(answer.header("content-type") or answer.text[:20] or str(answer.status))
""",
    "a type as a value": """
def status(user, session, api):
    list_of = {"a": dict, "b": list}
    made = list_of["b"]([1]) + list((2,)) + [dict.fromkeys("ab")]
    return message(str(isinstance(made, (list, dict)) and isinstance(user.id, str | None)))
""",
    "status that calls itself": """
def status(user, session, api):
    if isinstance(user, str):
        return message(user)
    return status("again", session, api)
""",
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_script_is_not_flagged(name):
    compilation = compile_source(RIGHT[name])
    assert [(one.rule, one.line, one.what) for one in compilation.findings if one.severity != "note"] == []
    assert compilation.code is not None
