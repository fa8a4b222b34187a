"""Attacks on settings by people who may change some of them, and by pages that lay open for too long."""

import json

from records import audit
from records.identity import external_auth as external
from records.tenants import implementations
from tests.support.stub_status_service import SAME_ORIGIN
from tests.web.console.settings.staff_people import entries, faults

KEYS = ("key-of-the-template", "key-of-the-query")


def with_keys(administrator):
    """A vendor of the kind that wants its key in the request itself."""
    form = administrator.form("/external/password")
    template = {"apiKey": KEYS[0], "badge": "{username}", "name": "{password}"}
    form |= {"url": f"https://registration.example/check?key={KEYS[1]}", "template": json.dumps(template)}
    assert administrator.post("/external/password", form).status_code == 303


def test_a_key_in_the_template_or_in_an_address_is_told_to_no_organizer_and_no_author(administrator, organizer, author):
    with_keys(administrator)
    for person, pages in ((organizer, ("/external", "/audit", "/audit.csv")), (author, ("/external",))):
        for page in pages:
            answer = person.get(page)
            assert answer.status_code == 200, page
            assert "registration.example/check" in answer.text, page
            assert not [key for key in KEYS if key in answer.text], page


def test_the_audit_tells_that_a_template_and_a_query_are_others_and_nothing_else_of_them(administrator, database):
    with_keys(administrator)
    form = administrator.form("/external/password")
    assert administrator.post("/external/password", form).status_code == 303
    (changed,) = entries(database, "external.saved")  # by `with_keys`: sending the form as it is changes nothing
    assert set(changed.detail) == {"url", "template"}
    assert changed.detail["template"][0] != changed.detail["template"][1]


def test_an_organizer_leads_nobody_to_a_host_that_is_not_trusted(organizer, administrator, database):
    form = organizer.form("/settings")
    for strange in ("https://evil.example/{session_id}", "https://cme.example.org.evil.example/{session_id}"):
        answer = organizer.post("/settings", form | {"session_url": strange})
        assert answer.status_code == 422
        assert "must lead to one of the link hosts" in faults(answer)["session_url"]
    for known in ("https://cme.example.org/s/{session_id}", "https://cme.example.org/t/{session_id}", ""):
        assert organizer.post("/settings", form | {"session_url": known}).status_code == 303, known
    trusted = "https://app.example/{session_id}"
    assert (
        administrator.post("/settings", administrator.form("/settings") | {"session_url": trusted}).status_code == 303
    )
    assert organizer.post("/settings", organizer.form("/settings") | {"name": "Demo"}).status_code == 303
    with database.reading() as db:
        assert implementations.find(db, "demo").session_url == trusted


def test_an_old_page_does_not_put_back_what_somebody_has_taken_away(administrator, database):
    page = administrator.form("/settings/link-hosts")
    with database.session() as db:
        implementations.update(db, implementations.find(db, "demo"), link_hosts=[])
        audit.append(db, actor="staff/other", action="settings.changed", implementation="demo")
    answer = administrator.post("/settings/link-hosts", page)
    assert answer.status_code == 422
    assert "was overtaken by a change of staff/other" in answer.text
    with database.reading() as db:
        assert implementations.find(db, "demo").link_hosts == []
    assert administrator.post("/settings/link-hosts", administrator.form("/settings/link-hosts")).status_code == 303


def test_an_old_page_of_a_connection_the_provider_or_the_vendor_is_overtaken_too(administrator, database):
    pages = {
        "/connections/ethosce": ("connection.saved", "ethosce"),
        "/provider/policy": ("saml.saved", ""),
        "/provider/attributes": ("saml.saved", ""),
        "/provider/data": ("saml.saved", ""),
        "/external/password": ("external.saved", "password"),
        "/app": ("settings.changed", ""),
        "/settings": ("settings.changed", ""),
        "/settings/script": ("settings.changed", ""),
    }
    forms = {page: administrator.form(page) for page in pages}
    with database.session() as db:
        for action, target in set(pages.values()):
            audit.append(db, actor="staff/other", action=action, target=target, implementation="demo")
    for page, form in forms.items():
        assert "was overtaken by" in administrator.post(page, form).text, page
    with database.reading() as db:
        assert external.find(db, implementations.find(db, "demo")).changed_by == "tests"


def test_what_somebody_changed_themselves_or_elsewhere_overtakes_nobody(administrator, database):
    page = administrator.form("/connections/ethosce")
    assert administrator.post("/connections/ethosce", page).status_code == 303
    with database.session() as db:
        audit.append(db, actor="a/b", action="connection.saved", target="another", implementation="demo")
        audit.append(db, actor="a/b", action="connection.saved", target="ethosce", implementation="empty")
    assert administrator.post("/connections/ethosce", page).status_code == 303


def test_a_made_up_time_of_the_page_breaks_nothing(administrator):
    page = administrator.form("/settings/link-hosts")
    for wrong in ("", "-1", "9" * 5000, "٣", "<script>", "1e5"):
        assert administrator.post("/settings/link-hosts", page | {"as_of": wrong}).status_code in (303, 422), wrong


def test_no_form_is_filled_from_json(administrator):
    token = administrator.form("/settings")["csrf_token"]
    headers = {**SAME_ORIGIN, "X-CSRFToken": token}
    for body in ("[1, 2]", '"x"', '{"name": 5}', '{"csrf_token": "x", "link_hosts": {"a": 1}}', "{"):
        for page in ("/settings", "/settings/link-hosts", "/roles/all", "/connections/new"):
            path = f"/console/implementations/demo{page}"
            answer = administrator.http.post(path, data=body, content_type="application/json", headers=headers)
            assert answer.status_code in (403, 415), (body, page)


def test_no_connection_hides_behind_the_page_for_new_ones(administrator):
    form = administrator.form("/connections/new") | {"name": "new", "base_url": "https://vendor.example"}
    assert "is taken by the page" in faults(administrator.post("/connections/new", form))["name"]
