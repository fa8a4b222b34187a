"""Every settings page as every role; what may be seen and what may be done; what is never in a page."""

import re
import time

import pytest

from records.people import users
from records.people.users import UserProfile
from records.tenants import implementations
from runner.settings.operator_settings import Settings
from tests.support.application import KEY
from tests.support.stub_status_service import PUBLIC_URL
from tests.web.console.settings.conftest import IDP, SECRETS
from tests.web.console.settings.staff_people import DEMO, OF_TRUST, PAGES, Person, entries


def test_an_administrator_sees_every_page_and_no_page_shows_a_secret(administrator):
    for page in PAGES:
        answer = administrator.get(page)
        assert answer.status_code == 200, page
        assert "<h1>" in answer.text
        for secret in SECRETS.values():
            assert secret not in answer.text, page


def test_an_organizer_sees_settings_and_nothing_of_trust(organizer):
    for page in PAGES:
        assert organizer.get(page).status_code == (403 if page in OF_TRUST else 200), page


def test_an_author_reads_and_cannot_send(author):
    for page in ("/settings", "/settings/script", "/agenda", "/app"):
        answer = author.get(page)
        assert answer.status_code == 200
        assert re.search(r"<fieldset[^>]* disabled", answer.text) or '<button class="strong">' not in answer.text
        assert author.post(page, {"name": "Mine"}).status_code == 403


def test_an_implementation_that_is_not_theirs_does_not_exist_for_an_organizer(organizer):
    assert organizer.http.get(DEMO.replace("demo", "empty") + "/settings").status_code == 404


def test_an_implementation_with_nothing_in_it_says_what_is_missing(administrator):
    text = administrator.http.get(DEMO.replace("demo", "empty") + "/").text
    assert text.count(">Missing<") == 6
    for page in ("/provider", "/external", "/connections", "/agenda", "/app", "/settings", "/settings/script"):
        answer = administrator.http.get(DEMO.replace("demo", "empty") + page)
        assert answer.status_code == 200, page


def test_pages_of_a_provider_that_is_not_there_are_not_there_either(administrator):
    for page in ("/provider/attributes", "/provider/policy"):
        assert administrator.http.get(DEMO.replace("demo", "empty") + page).status_code == 404


def test_what_would_hurt_most_needs_a_fresh_login(app):
    tired = Person(app, "administrator", since=int(time.time()) - 20 * 60)
    assert tired.get("/settings").status_code == 200
    for page in ("/settings/link-hosts", "/connections/ethosce", "/provider/data", "/external/password"):
        answer = tired.get(page)
        assert answer.status_code == 303
        assert "fresh=1" in answer.location


def test_a_form_without_its_token_changes_nothing(administrator, database):
    answer = administrator.http.post(
        f"{DEMO}/settings", data={"name": "Forged"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.status_code == 403
    with database.reading() as db:
        assert implementations.find(db, "demo").name == "Demo Congress"


def test_hostile_names_stay_words_on_every_page(administrator, database):
    evil = "<script>alert(1)</script>'\"><img src=x onerror=alert(2)>"
    with database.session() as db:
        demo = implementations.find(db, "demo")
        implementations.update(db, demo, name=evil, user_types=[evil], fallback_text=evil[:100])
        profile = UserProfile(evil, evil[:100], evil, evil, attributes={evil: evil, f"{evil}2": [evil]})
        users.remember(db, demo, evil, profile, provider=IDP.entity_id)
    for page in PAGES:
        text = administrator.get(page).text
        assert "<script>alert" not in text, page
        assert "<img src=x" not in text, page


def test_staff_log_in_by_saml_only(administrator):
    staff = DEMO.replace("demo", "staff")
    assert "by SAML only" in administrator.http.get(f"{staff}/external").text
    assert administrator.http.get(f"{staff}/external/password").status_code == 404


class TestInProduction:
    @pytest.fixture
    def settings(self):
        return Settings(environment="production", public_url=PUBLIC_URL, secret_key=KEY)

    def test_what_leads_to_this_machine_is_neither_offered_nor_taken(self, administrator, database):
        for page in ("/connections/ethosce", "/provider/data", "/external/password"):
            assert "development only" not in administrator.get(page).text
            answer = administrator.post(page, administrator.form(page) | {"development": "y"})
            assert answer.status_code == 422, page
            assert "is for development only" in answer.text, page
        assert entries(database) == []


class TestWithAnotherKey:
    @pytest.fixture
    def settings(self):
        return Settings(environment="development", public_url=PUBLIC_URL, secret_key="another" * 10)

    def test_secrets_that_do_not_open_are_said_in_words(self, administrator):
        assert "Our keys cannot be decrypted" in administrator.get("/provider").text
        assert administrator.get("/provider/certificate.pem").status_code == 503
        tried = administrator.post("/connections/ethosce/try", {"path": "/"})
        assert "Type it again and save the connection" in tried.text
