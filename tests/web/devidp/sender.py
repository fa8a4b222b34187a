"""A service provider which is made of `cryptography` only, and how its tests read what it is answered."""

import re
import zlib
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, quote_plus, urlsplit

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

SERVICE = "http://127.0.0.1:8000"
URL = "http://127.0.0.1:8002"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
NAMESPACES = 'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'


def now(**shift):
    return f"{datetime.now(UTC) + timedelta(**shift):%Y-%m-%dT%H:%M:%SZ}"


class Sender:
    """An implementation of the service: says what a test wants it to say, and signs that."""

    def __init__(self, slug, pair):
        self.key, self.certificate = pair
        self.signer = load_pem_private_key(self.key.encode(), None)
        self.base = f"{SERVICE}/saml/{slug}"
        self.entity_id = f"{self.base}/metadata"

    def sign(self, data):
        return self.signer.sign(data, padding.PKCS1v15(), SHA256())

    def query(self, document, *, field="SAMLRequest", relay_state="handle", sig_alg=RSA_SHA256):
        compressor = zlib.compressobj(wbits=-15)
        raw = document if isinstance(document, bytes) else document.encode()
        return self.signed(b64encode(compressor.compress(raw) + compressor.flush()), field, relay_state, sig_alg)

    def signed(self, message, field="SAMLRequest", relay_state="handle", sig_alg=RSA_SHA256):
        query = f"{field}={quote_plus(message)}&RelayState={quote_plus(relay_state)}&SigAlg={quote_plus(sig_alg)}"
        return f"{query}&Signature={quote_plus(b64encode(self.sign(query.encode())))}"

    def login_request(self, inner="", **changes):
        given = {
            "ID": "_request1",
            "Version": "2.0",
            "IssueInstant": now(),
            "Destination": f"{URL}/sso",
            "AssertionConsumerServiceURL": f"{self.base}/acs",
            "ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
        }
        issuer = changes.pop("issuer", self.entity_id)
        return self.document("AuthnRequest", issuer, inner, given | changes)

    def logout(self, kind, inner="", **changes):
        given = {"ID": "_logout1", "Version": "2.0", "IssueInstant": now(), "Destination": f"{URL}/slo"}
        return self.document(kind, changes.pop("issuer", self.entity_id), inner, given | changes)

    def document(self, kind, issuer, inner, given):
        attributes = " ".join(f'{name}="{value}"' for name, value in given.items() if value is not None)
        return f"<samlp:{kind} {NAMESPACES} {attributes}><saml:Issuer>{issuer}</saml:Issuer>{inner}</samlp:{kind}>"


def form_of(page):
    """Where the page posts to, and its hidden fields."""
    action = re.search(r'action="([^"]+)" data-send', page).group(1)
    fields = re.findall(r'name="([^"]+)" value="([^"]*)"', page)
    return unescape(action), {name: unescape(value) for name, value in fields}


def message_of(page):
    """The XML which the page posts."""
    return b64decode(form_of(page)[1]["SAMLResponse"])


def redirected(answer):
    """Where a redirect leads to, its fields, and the XML in it."""
    assert answer.status_code == 303, answer.text
    address = urlsplit(answer.headers["Location"])
    fields = {name: values[0] for name, values in parse_qs(address.query, strict_parsing=True).items()}
    packed = b64decode(fields.get("SAMLRequest") or fields["SAMLResponse"])
    return f"{address.scheme}://{address.netloc}{address.path}", fields, zlib.decompress(packed, -15), address.query


def log_in(http, sender, person="mchen", **changes):
    return http.post(f"/sso?{sender.query(sender.login_request(**changes))}", data={"person": person})


def code(answer):
    """Why a message was refused, as the page says it."""
    assert answer.status_code == 400, answer.text
    assert "<form" not in answer.text
    return re.search(r"Code: ([a-z0-9-]+)", answer.text).group(1)
