"""Browsers for the tests of logins, which log in at a forged provider, with the real application.

Providers post from another site, so their posts have no cookie: `Browser.answer` sends what a provider's page sends.
"""

import base64
import re
import zlib
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from lxml import etree

from records import SamlDraft
from records.identity import saml_providers as saml
from records.tenants import implementations
from tests.support.saml_forge import ForgedIdp
from web.auth.saml import login_flow
from web.auth.services import AuthServices

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
#: Every refusal of a whole run, without its reference: there must be one.
SEEN = set()
REFUSED = "That login did not work"

#: The providers of the implementations; `demo` and `other` share one.
IDP = ForgedIdp("https://idp.example/metadata")
STRANGER = ForgedIdp("https://stranger.example/metadata")
STAFF_IDP = ForgedIdp("https://ativ.example/metadata")
PROVIDERS = {"demo": IDP, "other": IDP, "staff": STAFF_IDP, "hints": IDP}


def connect(db, box, slug, idp, **changes):
    """Connect an implementation with a provider."""
    draft = SamlDraft(idp.entity_id, idp.sso_url, idp.slo_url, (idp.certificate,), **changes)
    return saml.save(db, box, implementations.find(db, slug), draft, by="tests")


@dataclass
class Begun:
    """A login that has been started: what the provider receives."""

    address: str
    request_id: str
    relay_state: str
    request: object


class Browser:
    """One person's browser."""

    def __init__(self, app):
        self.app = app
        self.http = app.test_client()
        self.elsewhere = app.test_client(use_cookies=False)

    def begin(self, slug="demo", query="", way="saml"):
        address = f"/saml/{slug}/login" if way == "saml" else f"/login/{slug}"
        response = self.http.get(f"{address}?{query}")
        while response.status_code == 303 and response.location.startswith("/"):
            response = self.http.get(response.location)
        assert response.status_code == 303, response.text
        return begun(response.location)

    def answer(self, message, relay_state, slug="demo", **more):
        form = {"SAMLResponse": message, "RelayState": relay_state}
        return self.elsewhere.post(f"/saml/{slug}/acs", data=form, **more)

    def log_in(self, slug="demo", query="", way="saml", **changes):
        """Log in as far as it goes; the last response."""
        started = self.begin(slug, query, way)
        message = PROVIDERS[slug].response(sp_of(self.app, slug), started.request_id, **changes)
        response = self.answer(message, started.relay_state, slug)
        return self.http.get(response.location) if response.status_code == 303 else response

    def log_out(self, slug="demo", **form):
        data = {"csrf_token": self.form_token(slug), **form}
        return self.http.post(f"/logout/{slug}", data=data, headers=SAME_ORIGIN)

    def form_token(self, slug="demo"):
        """The token of the form on the page that offers to log out."""
        return re.search(r'name="csrf_token" value="([^"]+)"', self.http.get(f"/login/{slug}/out").text)[1]

    def visitor(self):
        """Who this browser's cookie says that it is, ended or not."""
        logins = self.app.extensions["auth services"].logins
        cookie = self.http.get_cookie(logins.cookie, domain="status.example.org")
        return logins.read(cookie.value) if cookie else None

    def is_logged_in(self, slug="demo"):
        return "You are still logged in" in self.http.get(f"/login/{slug}/out").text

    def status(self, slug="demo"):
        return self.http.get(f"/api/v1/implementations/{slug}/sessions/CE-1/status")


def begun(address):
    query = parse_qs(urlsplit(address).query)
    request = etree.fromstring(zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15))
    return Begun(address, request.get("ID"), query["RelayState"][0], request)


def sp_of(app, slug):
    """Our side of an implementation, as its provider knows it."""
    with app.app_context():
        return login_flow.service_provider(AuthServices.here(), slug)


def is_refused(response, status=400):
    """Whether this is the neutral page, and says nothing but that."""
    SEEN.add(neutral(response))
    return response.status_code == status and REFUSED in response.text and len(SEEN) == 1


def neutral(response):
    """The page without the reference and where to try again."""
    text = re.sub(r"<b>[0-9a-f]{8}</b>", "<b>ref</b>", response.text)
    return re.sub(r'href="/login/[^"]*"', 'href="again"', text)
