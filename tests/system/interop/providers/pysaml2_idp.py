"""An identity provider on pysaml2: its server does all that is SAML, and this file the pages around it.

    python pysaml2_idp.py PORT FOLDER SP_METADATA...

FOLDER holds `key.pem` and `cert.pem`. The people are those of `people.json` beside this file.
"""

import json
import secrets
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask, Response, redirect, request
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.authn_context import PASSWORDPROTECTEDTRANSPORT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAME_FORMAT_URI, NAMEID_FORMAT_PERSISTENT
from saml2.server import Server
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

PEOPLE = json.loads((Path(__file__).parent / "people.json").read_text())
FORM = """<!doctype html><title>pysaml2</title><h1>pysaml2</h1><p>{fault}</p>
<form method="post"><input name="username"><input name="password" type="password"><button>Log in</button></form>"""
COOKIE = "pysaml2"


def config(base, folder, metadata):
    return {
        "entityid": f"{base}/metadata",
        "key_file": str(folder / "key.pem"),
        "cert_file": str(folder / "cert.pem"),
        "metadata": {"local": [str(path) for path in metadata]},
        "service": {
            "idp": {
                "endpoints": {
                    "single_sign_on_service": [(f"{base}/sso", BINDING_HTTP_REDIRECT)],
                    "single_logout_service": [(f"{base}/slo", BINDING_HTTP_REDIRECT)],
                },
                "policy": {
                    "default": {
                        "lifetime": {"minutes": 15},
                        "attribute_restrictions": None,
                        "name_form": NAME_FORMAT_URI,
                        "nameid_format": NAMEID_FORMAT_PERSISTENT,
                    }
                },
                "name_id_format": [NAMEID_FORMAT_PERSISTENT],
                "sign_assertion": True,
                "signing_algorithm": SIG_RSA_SHA256,
                "digest_algorithm": DIGEST_SHA256,
                "want_authn_requests_signed": True,
            }
        },
    }


class Idp:
    """The server of pysaml2, and who is signed in at it by which cookie."""

    def __init__(self, base, folder, metadata):
        self.settings = IdPConfig().load(config(base, folder, metadata))
        self.server = Server(config=self.settings)
        self.signed_in = {}

    def metadata(self):
        return str(entity_descriptor(self.settings))

    def answer(self, query, username):
        """The page that posts the assertion about a person to the service that asked by this query."""
        asked = self.server.parse_authn_request(
            query["SAMLRequest"], BINDING_HTTP_REDIRECT, relay_state=query["RelayState"], sigalg=query["SigAlg"],
            signature=query["Signature"],
        )  # fmt: skip
        place = self.server.response_args(asked.message)
        person = PEOPLE[username]
        response = self.server.create_authn_response(
            {
                "uid": [username],
                "mail": [person["mail"]],
                "givenName": [person["first"]],
                "sn": [person["last"]],
                "eduPersonAffiliation": [person["type"]],
            },
            userid=person["id"],
            authn={"class_ref": PASSWORDPROTECTEDTRANSPORT, "authn_instant": int(datetime.now(UTC).timestamp())},
            sign_assertion=True,
            session_not_on_or_after=(datetime.now(UTC) + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **place,
        )
        return self.server.apply_binding(
            BINDING_HTTP_POST, str(response), place["destination"], query["RelayState"], response=True
        )["data"]

    def log_out(self, query):
        """The address which tells the service that asked by this query that its user is logged out."""
        asked = self.server.parse_logout_request(
            query["SAMLRequest"], BINDING_HTTP_REDIRECT, relay_state=query["RelayState"], sigalg=query["SigAlg"],
            signature=query["Signature"],
        )  # fmt: skip
        response = self.server.create_logout_response(asked.message, [BINDING_HTTP_REDIRECT])
        info = self.server.apply_binding(
            BINDING_HTTP_REDIRECT, str(response), response.destination, query["RelayState"], response=True, sign=True
        )
        return dict(info["headers"])["Location"]


def pages(idp):
    app = Flask(__name__)

    @app.get("/metadata")
    def metadata():
        return Response(idp.metadata(), mimetype="application/samlmetadata+xml")

    @app.route("/sso", methods=["GET", "POST"])
    def sso():
        known = idp.signed_in.get(request.cookies.get(COOKIE, ""))
        if request.method == "GET" and known:
            return idp.answer(request.args, known)
        person = PEOPLE.get(request.form.get("username", ""))
        if not person or person["password"] != request.form.get("password"):
            return FORM.format(fault="Not known." if request.form else "")
        token = secrets.token_urlsafe()
        idp.signed_in[token] = request.form["username"]
        response = Response(idp.answer(request.args, request.form["username"]))
        response.set_cookie(COOKIE, token)
        return response

    @app.get("/slo")
    def slo():
        idp.signed_in.pop(request.cookies.get(COOKIE, ""), None)
        return redirect(idp.log_out(request.args), 303)

    return app


if __name__ == "__main__":
    port, folder, *metadata = sys.argv[1:]
    pages(Idp(f"http://localhost:{port}", Path(folder), metadata)).run("localhost", int(port))
