"""Every error that a person is shown has a reference, which the log and support find, and nothing else of theirs."""

import logging
import re

import pytest

from runner.logins import StoreAway
from runner.status.status_body import Status
from tests.support.stub_status_service import STATUS, WIDGET

PROBLEMS = {
    "unknown session": (f"{STATUS.replace('CE-1', 'CE-9')}", {}, 404),
    "no such address": ("/api/v1/nothing", {}, 404),
    "a bad credential": (STATUS, {"headers": {"Authorization": "Bearer x"}}, 401),
    "a NUL": (f"{STATUS}?x=%00", {}, 400),
}


@pytest.fixture(autouse=True)
def whole_log(caplog):
    caplog.set_level(logging.INFO)


def noted(store, reference):
    return [error for _, error in store.errors.find(reference)]


@pytest.mark.parametrize("what", PROBLEMS)
def test_a_problem_document_has_the_reference_of_its_line_in_the_log(http, store, caplog, what):
    path, asked, status = PROBLEMS[what]
    answer = http.get(path, **asked)
    reference = answer.json["reference"]
    assert answer.status_code == status
    assert f"error shown ref={reference} status={status} " in caplog.text
    assert [error.status for error in noted(store, reference)] == [status]


def test_two_errors_have_two_references(http):
    assert http.get("/api/x").json["reference"] != http.get("/api/x").json["reference"]


def test_a_page_has_a_reference_that_can_be_read_out(http, store, caplog):
    page = http.get("/widget/demo/sessions/CE-9")
    reference = re.search(r"give this reference: <code>([0-9a-f]{8})</code>", page.text)[1]
    assert f"ref={reference} status=404 view=widget.show implementation='demo'" in caplog.text
    assert noted(store, reference)[0].what == "widget.show"


def test_an_error_of_somebody_who_is_logged_in_names_user_and_session_by_their_keys(
    app, http, status_service, bearer, store
):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    status_service.fails_with = RuntimeError("a bug")
    (error,) = noted(store, http.get(STATUS, headers=bearer()).json["reference"])
    assert (error.status, error.implementation, error.user, error.session) == (500, "demo", "ada", "CE-1")


def test_one_time_values_of_an_address_stay_out_of_log_and_store(http, store, caplog):
    answer = http.get("/r/one-time-secret")
    reference = re.search(r"<code>([0-9a-f]{8})</code>", answer.text)[1]
    assert f"ref={reference} status=400 view=returns.come_back" in caplog.text
    assert "one-time-secret" not in caplog.text + str(noted(store, reference))


def test_a_forged_line_of_the_log_stays_within_its_quotes(http, caplog):
    http.get("/api/v1/implementations/demo/sessions/x%0aerror shown ref=00000000/status")
    assert all("\n" not in line for line in caplog.messages if line.startswith("error shown"))


def test_what_no_person_reads_has_no_reference(app, http, caplog):
    app.extensions["health checks"]["store"] = lambda: False
    assert "reference" not in http.get("/readyz").json
    assert http.get("/healthz").status_code == 200
    assert "error shown" not in caplog.text


def test_without_the_store_an_error_has_its_reference_in_the_log(http, store, caplog, monkeypatch):
    def away(error):
        raise StoreAway("ConnectionError")

    monkeypatch.setattr(store.errors, "note", away)
    reference = http.get("/api/nothing").json["reference"]
    assert f"error shown ref={reference}" in caplog.text


def test_a_widget_that_can_show_nothing_shows_a_reference(http, status_service, bearer):
    status_service.status = Status("unavailable", refresh_after=5, reference="3f9ca71e")
    page = http.get(WIDGET, headers=bearer()).text
    assert "The status cannot be shown right now" in page
    assert re.search(r'<span id="note"[^>]*>Reference 3f9ca71e</span>', page)
