"""Two implementations at one identity provider whose SAML is written by others (pysaml2), all in this process."""

import html
import re
import shutil
import warnings
from os import environ
from urllib.parse import parse_qsl, urlsplit

import pytest

from records import SamlDraft
from records.identity import saml_providers as saml
from records.people import users
from records.tenants import implementations
from tests.support.saml_browser import IDP, Browser, sp_of
from tests.support.saml_forge import certificate, pem, rsa_key
from web.auth.saml.protocol.messages.metadata import read_idp_metadata

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:saml2"),
    # it leaves its files for xmlsec1 to the garbage collector, which Python tells since 3.14
    pytest.mark.filterwarnings("ignore:Implicitly cleaning up <_TemporaryFileWrapper:ResourceWarning"),
]

SLUGS = ("demo", "other")


@pytest.fixture
def provider(app, database, box, tmp_path):
    if not shutil.which("xmlsec1"):
        assert environ.get("CI") != "true", "pysaml2 needs xmlsec1: apt-get install xmlsec1"
        pytest.skip("pysaml2 needs xmlsec1: apt-get install xmlsec1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it uses what newer Pythons will drop
        from tests.system.interop.providers.pysaml2_idp import Idp  # slow to import: it reads its schemas
    key = rsa_key("pysaml2")
    (tmp_path / "key.pem").write_text(pem(key))
    (tmp_path / "cert.pem").write_text(certificate(key, "pysaml2"))
    published = []
    for slug in SLUGS:
        published.append(tmp_path / f"{slug}.xml")
        published[-1].write_bytes(app.test_client().get(f"https://status.example.org/saml/{slug}/metadata").data)
    idp = Idp("https://pysaml2.example", tmp_path, published)
    found = read_idp_metadata(idp.metadata().encode())
    mapped = {**saml.ATTRIBUTE_MAP, "user_type": ["urn:oid:1.3.6.1.4.1.5923.1.1.1.1"]}
    draft = SamlDraft(found.entity_id, found.sso_url, found.slo_url or "", found.certificates, attribute_map=mapped)
    with database.session() as db:
        for slug in SLUGS:
            saml.save(db, box, implementations.find(db, slug), draft, by="tests")
    return idp


def asked(address):
    return dict(parse_qsl(urlsplit(address).query))


def fields(page):
    """What the hidden fields of a page hold."""
    found = re.findall(r'name="(\w+)" value="([^"]*)"', "".join(page) if isinstance(page, list) else page)
    return {name: html.unescape(value) for name, value in found}


def log_in(browser, provider, slug, username):
    started = browser.begin(slug)
    form = fields(provider.answer(asked(started.address), username))
    response = browser.answer(form["SAMLResponse"], form["RelayState"], slug)
    assert response.status_code == 303, response.text
    return browser.http.get(response.location)


@pytest.mark.parametrize("slug", SLUGS)
def test_a_person_logs_in_and_is_known(app, database, provider, slug):
    browser = Browser(app)
    assert log_in(browser, provider, slug, "tomas").status_code == 303
    assert browser.is_logged_in(slug)
    with database.reading() as db:
        person = users.find(db, implementations.find(db, slug), browser.visitor().subject)
    assert (person.first_name, person.last_name, person.user_type) == ("Tomáš", "Novák", "member")
    assert person.provider == "https://pysaml2.example/metadata"


def test_logging_out_ends_the_login_at_both_sides(app, provider):
    browser = Browser(app)
    log_in(browser, provider, "demo", "mei")
    page = browser.log_out("demo")
    away = html.unescape(re.search(r'href="(https://pysaml2\.example/slo[^"]+)"', page.text)[1])
    back = provider.log_out(asked(away))
    assert back.startswith("https://status.example.org/saml/demo/slo?")
    response = browser.http.get(back.removeprefix("https://status.example.org"))
    assert (response.status_code, response.location) == (303, "/login/demo/out")
    assert not browser.is_logged_in("demo")


def test_the_answer_for_one_implementation_is_refused_at_the_other(app, provider):
    browser = Browser(app)
    for_demo, for_other = browser.begin("demo"), browser.begin("other")
    form = fields(provider.answer(asked(for_demo.address), "mei"))
    assert browser.answer(form["SAMLResponse"], for_other.relay_state, "other").status_code == 400
    assert not browser.is_logged_in("other")


def test_a_provider_that_was_replaced_is_not_believed_any_more(app, provider):
    browser = Browser(app)
    started = browser.begin("demo")
    forged = IDP.response(sp_of(app, "demo"), started.request_id)
    assert browser.answer(forged, started.relay_state).status_code == 400
