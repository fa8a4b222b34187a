"""A phone with the app on it, as `docs/app-integration.md` tells the app's developers to write it."""

import base64
import hashlib
import secrets
from urllib.parse import parse_qs, urlsplit

from tests.support.people import visitor
from web.auth.app.login_starts import finish_start

REDIRECT = "https://app.example.org/login"
SCHEME = "com.example.app:/login"
JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
PASSWORD = "urn:x-session-status:grant-type:password"


class Phone:
    def __init__(self, app, slug="demo", redirect_uri=REDIRECT):
        self.app, self.slug, self.redirect_uri = app, slug, redirect_uri
        self.http = app.test_client(use_cookies=False)
        self.verifier = secrets.token_urlsafe(48)
        self.state = secrets.token_urlsafe(16)

    @property
    def challenge(self):
        hashed = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()

    def asked(self, **changes):
        """What it asks at the start; a change to None leaves one out."""
        asked = {
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "code_challenge": self.challenge,
            "code_challenge_method": "S256",
        } | changes
        return {name: value for name, value in asked.items() if value is not None}

    def start(self, **changes):
        return self.http.get(f"/m/{self.slug}/start", query_string=self.asked(**changes))

    def handle(self):
        return parse_qs(urlsplit(self.start().location).query)["m"][0]

    def finish(self, handle, who=None):
        """The way in has ended for this person; the address at which the app is opened."""
        with self.app.test_request_context():
            return finish_start(handle, who or visitor(self.slug))

    def code(self, who=None):
        return answered(self.finish(self.handle(), who))["code"]

    def token(self, **fields):
        return self.http.post(f"/api/v1/implementations/{self.slug}/auth/token", data=fields)

    def redeem(self, code, **changes):
        fields = {"code": code, "redirect_uri": self.redirect_uri, "code_verifier": self.verifier} | changes
        return self.token(grant_type="authorization_code", **fields)

    def log_in(self, who=None):
        answer = self.redeem(self.code(who))
        assert answer.status_code == 200, answer.json
        return answer.json

    def refresh(self, token):
        return self.token(grant_type="refresh_token", refresh_token=token)

    def revoke(self, token):
        return self.http.post(f"/api/v1/implementations/{self.slug}/auth/revoke", data={"token": token})

    def session(self, access):
        return self.http.get(f"/api/v1/implementations/{self.slug}/auth/session", headers=bearer(access))

    def status(self, access):
        return self.http.get(f"/api/v1/implementations/{self.slug}/sessions/CE-1/status", headers=bearer(access))


def bearer(access):
    return {"Authorization": f"Bearer {access}"}


def answered(address):
    """What an address tells the app."""
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
