"""The app's login in a real browser, with the provider on another site: where the browser ends, and what it keeps."""

import pytest
from flask.testing import FlaskClient

from records import Database, SamlDraft, SecretBox
from records.identity import saml_providers as saml
from records.tenants import implementations
from runner.logins import LoginStore
from tests.support.application import KEY, copied, make_app, make_settings
from tests.support.browser import serving
from tests.support.phone import REDIRECT, Phone, answered
from tests.support.saml_browser import sp_of
from tests.web.auth.test_login_in_browser import Provider

pytestmark = pytest.mark.browser


@pytest.fixture
def page(chromium):
    context = chromium.new_context()
    page = context.new_page()
    page.set_default_timeout(8000)
    yield page
    context.close()


@pytest.fixture
def served(seeded, redis, tmp_path):
    """The application and its address; its provider is at another site."""
    provider = Provider()
    database = Database(f"sqlite:///{copied(seeded, tmp_path / 'app.db')}")

    def make(address):
        return make_app(database, LoginStore(redis), make_settings(address))

    with serving(provider.open_at), serving(make) as (address, app):
        idp = provider.idp
        with database.session() as db:
            demo = implementations.find(db, "demo")
            draft = SamlDraft(idp.entity_id, idp.sso_url, idp.slo_url, (idp.certificate,), development=True)
            saml.save(db, SecretBox([KEY]), demo, draft, by="tests")
            demo.app_redirect_uris = [REDIRECT, f"{address}/m/demo/done"]  # no https on this machine
        provider.sp = sp_of(app, "demo")
        yield address, app
    database.dispose()


class Client(FlaskClient):
    """Asks at the address at which the application is served."""

    def open(self, *args, **more):
        return super().open(
            *args, **({"base_url": self.application.extensions["auth services"].config.public_url} | more)
        )


def at(app, **more):
    app.test_client_class = Client
    return Phone(app, **more)


def log_in(page, address, phone):
    """Log in at the provider, as a person does."""
    page.goto(address + phone.start().location)
    page.get_by_role("button", name="Log in").click()


def test_the_system_browser_ends_at_the_app_and_keeps_no_login(page, served):
    address, app = served
    phone = at(app)
    with page.expect_request(lambda request: request.url.startswith(f"{REDIRECT}?code=")) as to_the_app:
        log_in(page, address, phone)
    said = answered(to_the_app.value.url)
    assert (said["state"], said["iss"]) == (phone.state, f"{address}/m/demo")
    assert not [cookie for cookie in page.context.cookies(address) if cookie["name"] == "login"]
    assert phone.redeem(said["code"]).status_code == 200


def test_a_web_view_ends_at_our_page_from_whose_address_the_app_takes_the_code(page, served):
    address, app = served
    phone = at(app, redirect_uri=f"{address}/m/demo/done")
    complaints = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
    log_in(page, address, phone)
    page.wait_for_url(f"{address}/m/demo/done?code=*")
    page.get_by_role("heading", name="You are logged in").wait_for()
    assert complaints == []
    assert phone.redeem(answered(page.url)["code"]).status_code == 200
