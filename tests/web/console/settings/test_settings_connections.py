"""Connections: their secrets go in and never come out, and a test of one says what a person can use."""

import logging

import pytest

from records import ConnectionDraft
from records.tenants import connections, implementations
from tests.support.vendors import reply
from tests.web.console.settings.conftest import SECRETS
from tests.web.console.settings.staff_people import DEMO, entries, faults

NEW = {
    "name": "survey",
    "base_url": "https://api.survey.example/v2",
    "auth_kind": "api_key_header",
    "header_name": "X-Api-Key",
    "secret": "top-s3cret-key",
    "methods": ["GET", "POST"],
    "path_prefixes": "/answers\n/people",
    "timeout_s": "2.5",
    "cache_s": "0",
    "max_body_bytes": "512",
}


def opened(database, box, name):
    with database.reading() as db:
        return connections.open_all(db, box, implementations.find(db, "demo"))[name]


def test_a_new_connection_is_stored_and_its_secret_is_in_no_page_log_or_audit_entry(
    administrator, database, box, browser_for, caplog
):
    caplog.set_level(logging.DEBUG)
    answer = administrator.post("/connections/new", NEW, follow_redirects=True)
    assert "The connection survey is added" in answer.text
    found = opened(database, box, "survey")
    assert (found.secret, found.auth_fields) == ("top-s3cret-key", {"name": "X-Api-Key"})
    assert (found.timeout_s, found.max_body_bytes) == (2.5, 512 * 1024)
    assert found.path_prefixes == ("/answers", "/people")
    assert browser_for.told == ["demo"]
    (entry,) = entries(database, "connection.saved")
    assert (entry.target, entry.detail["secret"]) == ("survey", "set again")
    seen = answer.text + administrator.get("/connections").text + caplog.text + str(entry.detail)
    assert "top-s3cret-key" not in seen
    raw = b"".join(path.read_bytes() for path in database_files(database))
    assert b"top-s3cret-key" not in raw


def database_files(database):
    with database.session():
        pass
    return [path for path in _folder(database).iterdir() if path.is_file()]


def _folder(database):
    from pathlib import Path

    return Path(database.engine.url.database).parent


def test_faults_stand_at_their_fields_and_the_secret_is_asked_for_again(administrator):
    wrong = NEW | {"name": "a b", "base_url": "http://x.example", "header_name": "Host", "path_prefixes": "../x"}
    answer = administrator.post("/connections/new", wrong | {"timeout_s": "99", "methods": []})
    said = faults(answer)
    assert set(said) == {"name", "base_url", "path_prefixes", "timeout_s", "methods"}
    assert "top-s3cret-key" not in answer.text
    assert "type it again" in answer.text
    for text in ("a b", "http://x.example", "../x", "99"):
        assert text in answer.text
    said = faults(administrator.post("/connections/new", NEW | {"max_body_bytes": "20000"}))
    assert "from 1 to 16384" in said["max_body_bytes"]  # KiB, as in the field
    said = faults(administrator.post("/connections/new", NEW | {"header_name": "Host"}))
    assert "must not be a header of the request itself" in said["header_name"]


def test_a_name_that_is_taken_changes_nothing(administrator, database, box):
    said = faults(administrator.post("/connections/new", NEW | {"name": "ethosce"}))
    assert said["name"] == "Name is taken by another connection."
    assert opened(database, box, "ethosce").secret == SECRETS["connection"]


def test_an_empty_secret_keeps_the_old_one_and_a_new_address_demands_it(administrator, database, box):
    form = administrator.form("/connections/ethosce")
    assert administrator.post("/connections/ethosce", form | {"cache_s": "5"}).status_code == 303
    assert opened(database, box, "ethosce").secret == SECRETS["connection"]
    answer = administrator.post("/connections/ethosce", form | {"base_url": "https://evil.example"})
    assert "must be typed again" in faults(answer)["secret"]
    assert opened(database, box, "ethosce").base_url == "https://vendor.example/api"


def test_a_connection_is_removed_after_one_question(administrator, database):
    assert "To set it up again, you need the secret" in administrator.get("/connections/ethosce/remove").text
    assert administrator.post("/connections/ethosce/remove").status_code == 303
    with database.reading() as db:
        assert connections.every(db, implementations.find(db, "demo")) == []
    assert administrator.get("/connections/ethosce").status_code == 404
    assert administrator.post("/connections/ethosce/remove").status_code == 404
    assert len(entries(database, "connection.removed")) == 1


def local(administrator, url, **changes):
    form = NEW | {"name": "local", "base_url": url, "development": "y", "path_prefixes": "/"} | changes
    assert administrator.post("/connections/new", form).status_code == 303


def test_testing_a_connection_shows_status_and_time_and_never_secret_or_body(
    administrator, start_vendor, database, browser_for
):
    vendor = start_vendor(reply({"who": "a very private body"}, headers={"X-Echo": "top-s3cret-key"}))
    local(administrator, vendor.url)
    told = list(browser_for.told)
    answer = administrator.post("/connections/local/try", {"path": "/answers?person=7"})
    assert "It works:" in answer.text
    assert "HTTP status 200" in answer.text
    assert vendor.requests[0].headers["x-api-key"] == "top-s3cret-key"
    assert vendor.requests[0].method == "GET"
    assert "private body" not in answer.text
    assert "top-s3cret-key" not in answer.text
    (entry,) = entries(database, "connection.tried")
    assert entry.detail == {"path": "/answers"}
    assert browser_for.told == told  # nothing has changed


def test_a_test_that_fails_says_why(administrator, start_vendor):
    answers = {
        "answered 401": reply("no", status=401),
        "302": reply("no", status=302, headers={"Location": "http://127.0.0.1:1/"}),
        "No answer": b"rubbish\r\n\r\n",
    }
    vendor = start_vendor(list(answers.values()))
    local(administrator, vendor.url)
    for said in answers:
        assert said in administrator.post("/connections/local/try", {"path": "/"}).text, said


def test_a_path_that_is_not_allowed_is_not_asked_for(administrator, start_vendor):
    vendor = start_vendor(reply())
    local(administrator, vendor.url, path_prefixes="/answers")
    for path in ("/people", "/answers/../people", "//evil.example/", "http://evil.example/", ""):
        assert "It does not work:" in administrator.post("/connections/local/try", {"path": path}).text
    assert vendor.requests == []


class TestWithoutLoopback:
    """As in production: what leads to this machine or a private network is not saved, and the powers refuse it as well."""

    @pytest.fixture
    def allow_loopback(self):
        return False

    def test_private_addresses_are_refused(self, administrator, database, box):
        for number, host in enumerate(("127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "[::ffff:127.0.0.1]")):
            name, url = f"inside{number}", f"https://{host}"
            form = NEW | {"name": name, "base_url": url, "path_prefixes": "/"}
            answer = administrator.post("/connections/new", form)
            assert answer.status_code == 422
            assert "must lead to a public host" in faults(answer)["base_url"]
            with database.session() as db:  # as a release before this one left it
                demo = implementations.find(db, "demo")
                connections.save(db, box, demo, ConnectionDraft(name, url, development=True)).development = False
            answer = administrator.post(f"/connections/inside{number}/try", {"path": "/"})
            assert "It does not work:" in answer.text, host
            assert "HTTP status" not in answer.text


def test_the_list_names_the_version_that_uses_a_connection(administrator):
    assert "not named by the active script" in administrator.get("/connections").text


def test_a_connection_of_another_implementation_is_not_there(administrator):
    assert administrator.http.get(DEMO.replace("demo", "empty") + "/connections/ethosce").status_code == 404
