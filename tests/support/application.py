"""The web application of a test: on records and a store of the test's, with a stub behind its status endpoints unless the test says otherwise."""

import sqlite3
from contextlib import closing, contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient

from records.identity import certificates
from runner.settings.operator_settings import Settings
from tests.support.compiled_parts import KnownRule, KnownTemplates
from tests.support.stub_status_service import PUBLIC_URL, StubStatusService
from web.app import create_app

KEY = "k" * 40
#: Tests ask as the same user again and again, and faster than any app.
MANY_ASKS = 100_000
TEMPLATES = KnownTemplates()


def make_settings(public_url=PUBLIC_URL, **changes):
    """Settings of a development machine."""
    usual = {"environment": "development", "public_url": public_url, "secret_key": KEY, "web_asks": MANY_ASKS}
    return Settings(**(usual | changes))


def make_app(database, store, settings=None, **parts):
    """Build the application. `parts` are those of `create_app` that differ from a stub, no checks and no requests to others."""
    usual = {"status_service": StubStatusService(), "checks": {}, "outbound": None}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "url_rule_class", KnownRule)
        app = create_app(settings or make_settings(), database=database, store=store, **(usual | parts))
    app.jinja_env.bytecode_cache = TEMPLATES
    app.test_client_class = ClientAtPublicUrl
    return app


class ClientAtPublicUrl(FlaskClient):
    """Asks as a browser does that was given the public address."""

    def open(self, *args, **more):
        return super().open(*args, **({"base_url": PUBLIC_URL} | more))


@contextmanager
def small_keys():
    """Make SAML keys small within the block, because RSA keys of the usual size are slow to make."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certificates, "OWN_RSA_BITS", 2048)
        yield


def copied(database, path):
    """Copy the records to a file; return its path."""
    with closing(sqlite3.connect(database.engine.url.database)) as whole, closing(sqlite3.connect(path)) as own:
        whole.backup(own)
    return path
