"""The store, then the database, goes away for a while under web and worker: who is told what, and what the logs say."""

import json
import re
import secrets
import time
from contextlib import closing
from types import SimpleNamespace

import pytest

from runner.logins import LoginStore
from runner.store.clients import connect
from tests.support.eventually import eventually
from tests.system.outages.installation import START_S, STATUS

#: The warnings while there is no background worker, which these tests do not start.
NO_BACKGROUND_WORKER = [
    "no background worker is running: notices, mails and imports of large agenda files have to wait",
    "no background worker checks scripts: authors can write and save, but hand nothing in",
]

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(400)]

API = "/api/v1/implementations/demo"
WIDGET = "/widget/demo/sessions/CE-1"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TOKENS = f"grant_type=refresh_token&refresh_token=crt_{'a' * 43}"

#: By what it is called: who asks, method, path, headers beside the login's, body. A guest comes back for the first time.
ASKED = {
    "status": ("ada", "GET", STATUS, {}, None),
    "returned": ("guest", "POST", f"{STATUS}/returned", {}, None),
    "session": ("ada", "GET", f"{API}/auth/session", {}, None),
    "token": ("stranger", "POST", f"{API}/auth/token", FORM, TOKENS),
    "widget": ("ada", "GET", WIDGET, {}, None),
    "check again": ("guest", "POST", WIDGET, SAME_ORIGIN, None),
    "console": ("browser", "GET", "/console/", {}, None),
    "app login": ("stranger", "GET", "/m/demo/start?redirect_uri=x&state=y", {}, None),
    "saml login": ("stranger", "GET", "/saml/demo/login", {}, None),
    "way back": ("stranger", "GET", "/r/{token}", {}, None),
    "to the app": ("stranger", "GET", "/app/demo/sessions/CE-1", {}, None),
    "invitation": ("stranger", "GET", STATUS, {}, None),
    "alive": ("stranger", "GET", "/healthz", {}, None),
    "ready": ("stranger", "GET", "/readyz", {}, None),
}
#: What no process has looked up yet.
UNKNOWN = {"unknown": ("ada", "GET", STATUS.replace("CE-1", "CE-2"), {}, None)}


class Asker:
    """Asks for everything; the logins are made beforehand, as that needs the store."""

    def __init__(self, installation):
        self._installation = installation
        guest = secrets.token_hex(4)
        self._token = installation.return_token(guest)
        self._logins = {
            "ada": installation.bearer,
            "guest": installation.login_of(guest),
            "browser": installation.cookie,
            "stranger": {},
        }

    def ask(self, asked):
        return {name: self._answer(*each) for name, each in asked.items()}

    def _answer(self, who, method, path, more, body):
        headers = self._logins[who] | more
        where = path.format(token=self._token)
        status, told, text = self._installation.ask(where, method=method, headers=headers, body=body)
        kind = told.get("Content-Type", "").partition(";")[0]
        return SimpleNamespace(status=status, kind=kind, retry_after=int(told.get("Retry-After", 0)), text=text)


def outage_of(installation, part, asked):
    """Stop a part under load, ask everything, start it again, and wait until both processes have noticed."""
    assert eventually(installation.listens, START_S)
    installation.status()  # which is looked up before the outage, and remembered
    before, asker = installation.line_counts(), Asker(installation)
    with installation.busy():
        part.stop()
        installation.ask(f"{API}/auth/session", headers=installation.bearer)  # whoever was under way has been answered
        answers = asker.ask(asked)
        time.sleep(2)
        part.start()
        eventually(lambda: "state" in installation.status(), START_S)
    new = {}

    def over():
        new.update({name: installation.lines(name)[count:] for name, count in before.items()})
        return all(any("answers again" in line for line in lines) for lines in new.values())

    assert eventually(over, START_S), new
    recovered = Asker(installation).ask(ASKED)
    return SimpleNamespace(answers=answers, web=new["web"], worker=new["worker"], recovered=recovered)


@pytest.fixture(scope="module")
def store_lost(installation):
    return outage_of(installation, installation.store, ASKED)


@pytest.fixture(scope="module")
def database_lost(store_lost, installation, postgres):
    return outage_of(installation, postgres, ASKED | UNKNOWN)


def reference_in(lines):
    return re.search(r"ref=([0-9a-f]{8}) error=", "\n".join(lines))[1]


def is_problem(answer, reference):
    told = json.loads(answer.text)
    return (answer.status, answer.kind, told["status"], told["reference"], 0 < answer.retry_after < 20) == (
        503,
        "application/problem+json",
        503,
        reference,
        True,
    )


def is_page(answer, reference):
    return (
        (answer.status, answer.kind, 0 < answer.retry_after < 20) == (503, "text/html", True)
        and reference in answer.text
        and "Traceback" not in answer.text
    )


def test_while_the_store_is_lost_the_app_gets_problem_details(store_lost):
    reference = reference_in(store_lost.web)
    for name in ("status", "returned", "session"):
        assert is_problem(store_lost.answers[name], reference), (name, store_lost.answers[name])
    token = store_lost.answers["token"]
    assert (token.status, json.loads(token.text)["error"], token.retry_after > 0) == (
        503,
        "temporarily_unavailable",
        True,
    )
    assert json.loads(token.text)["reference"] == reference
    assert json.loads(store_lost.answers["invitation"].text)["state"] == "login"


def test_while_the_store_is_lost_people_get_a_page_with_what_to_do(store_lost):
    reference = reference_in(store_lost.web)
    for name in ("console", "app login", "saml login", "way back"):
        answer = store_lost.answers[name]
        assert is_page(answer, reference), (name, answer)
        assert "Wait a minute, then try again" in answer.text
    for name in ("widget", "check again"):
        answer = store_lost.answers[name]
        assert is_page(answer, reference), (name, answer)
        assert ("The status cannot be shown right now" in answer.text, "Check again" in answer.text) == (True, True)


def test_a_load_balancer_takes_out_a_process_without_the_store_and_not_one_without_the_database(
    store_lost, database_lost
):
    assert (store_lost.answers["alive"].status, store_lost.answers["ready"].status) == (200, 503)
    assert json.loads(store_lost.answers["ready"].text)["parts"]["store"] is False
    assert (database_lost.answers["alive"].status, database_lost.answers["ready"].status) == (200, 200)
    assert json.loads(database_lost.answers["ready"].text)["warnings"] == [
        "the database does not answer, or its schema is not of this release",
        *NO_BACKGROUND_WORKER,
    ]


def test_while_the_database_is_lost_what_is_cached_is_answered_and_the_rest_refused(database_lost):
    reference = reference_in(database_lost.web)
    answers = database_lost.answers
    assert answers["status"].status in (200, 202)
    assert (answers["widget"].status, answers["returned"].status in (200, 202)) == (200, True)
    for name in ("unknown", "session"):
        assert is_problem(answers[name], reference), (name, answers[name])
    assert json.loads(answers["token"].text)["reference"] == reference
    for name in ("console", "app login", "saml login", "to the app"):
        assert is_page(answers[name], reference), (name, answers[name])


@pytest.mark.parametrize("outage", ["store_lost", "database_lost"])
def test_each_process_has_one_line_when_it_begins_one_when_it_is_over_and_no_traceback(outage, request):
    found = request.getfixturevalue(outage)
    part = outage.partition("_")[0]
    for lines in (found.web, found.worker):
        assert not [line for line in lines if "Traceback" in line or line.startswith(" ")]
        begins, ends = (line for line in lines if " runner.health.outages " in line)
        assert re.search(rf"the {part} does not answer ref=[0-9a-f]{{8}} error=[A-Z]\w+: \S+", begins)
        assert re.search(
            rf"the {part} answers again ref={reference_in([begins])} after=\d+s failed=\d+ refused=\d+", ends
        )
        others = [line for line in lines if line not in (begins, ends) and " run ended " not in line]
        assert others == [], "whatever else was refused has the reference of the outage, and no line"


@pytest.mark.parametrize("outage", ["store_lost", "database_lost"])
def test_everything_works_again_without_a_restart(outage, request):
    recovered = request.getfixturevalue(outage).recovered
    assert {name: answer.status for name, answer in recovered.items() if answer.status >= 500} == {}
    assert recovered["status"].status in (200, 202)
    assert json.loads(recovered["ready"].text)["warnings"] == NO_BACKGROUND_WORKER


@pytest.mark.parametrize("process", ["web", "worker"])
@pytest.mark.parametrize("outage", ["store_lost", "database_lost"])
def test_support_finds_the_outage_by_the_reference_that_somebody_reads_out(outage, process, request, installation):
    part = outage.partition("_")[0]
    reference = reference_in(getattr(request.getfixturevalue(outage), process))
    with closing(connect(installation.store.url)) as redis:
        kept = eventually(lambda: LoginStore(redis).errors.find(reference), seconds=10)
    assert re.fullmatch(
        rf"outage: the {part} did not answer from \d\d:\d\d:\d\d to \d\d:\d\d:\d\d UTC", kept[0][1].what
    )


def test_both_processes_say_what_they_serve_when_they_start(installation):
    web, worker = installation.log_of("web").read_text(), installation.log_of("worker").read_text()
    assert re.search(
        rf"web started version=\S+ address=127.0.0.1:{installation.port} public_url=\S+ environment=dev", web
    )
    assert re.search(
        r"worker started version=\S+ queue=status runs=80 environment=development .* jail='seccomp", worker
    )


def test_both_processes_say_that_they_have_ended(installation):
    """The last one here: it ends them."""
    installation.stop()
    assert any(" web ended" in line for line in installation.lines("web"))
    assert installation.lines("worker")[-1].endswith(" worker ended")
