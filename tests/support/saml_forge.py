"""A forged identity provider: keys, certificates, and messages as a provider or an attacker would make them.

Signatures and ciphers are made by lxml's canonicalization and `cryptography` alone, so that nothing here shares code
with what verifies.

    idp = ForgedIdp()
    sp = service("https://events.example/saml/cme")
    idp.response(sp, "_request1", nameid="ada@example.org")      # base64, as it is posted
    idp.response(sp, "_request1", audience=(("https://other",),), sign_response=True, encrypt="aes256-gcm")
    idp.logout_request(sp, nameid="ada@example.org")             # a query string
    idp.metadata()                                               # bytes
"""

# ruff: noqa: PLR0913 - each option is one way in which attackers lie

import base64
import copy
import datetime as dt
import functools
import hashlib
import os
import secrets
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote_plus
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID
from lxml import etree

from web.auth.saml.protocol.values import Idp, Sp

PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
DSIG = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
XENC = "http://www.w3.org/2001/04/xmlenc#"
XENC11 = "http://www.w3.org/2009/xmlenc11#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = DSIG + "enveloped-signature"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
NAMES = {"p": PROTOCOL, "a": ASSERTION, "d": DSIG, "x": XENC}

RSA_SHA256 = MORE + "rsa-sha256"
ECDSA_SHA256 = MORE + "ecdsa-sha256"
SHA256 = XENC + "sha256"
HASHES = {
    "md5": hashes.MD5,
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}

#: "Follow the request": the usual value is worked out from the service provider.
USUAL: Any = object()
Edit = Callable[[Any], Any]


# --- keys: made once for a run, because RSA keys are slow to make


@functools.cache
def rsa_key(name: str, bits: int = 2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@functools.cache
def ec_key(name: str):
    return ec.generate_private_key(ec.SECP256R1())


@functools.cache
def certificate(key, name: str) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    made = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(start).not_valid_after(start + dt.timedelta(days=900))
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def pem(key) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def bare(cert: str) -> str:
    """A certificate as it stands in XML."""
    return "".join(line for line in cert.splitlines() if "-----" not in line)


def service(base: str = "https://events.example/saml/cme", *, name: str = "sp") -> Sp:
    """The service provider with addresses below `base`, as the product makes them."""
    key, decrypting = rsa_key(name), rsa_key(f"{name} decrypting")
    return Sp(
        entity_id=f"{base}/metadata",
        acs_url=f"{base}/acs",
        slo_url=f"{base}/slo",
        key_pem=pem(key),
        cert_pem=certificate(key, name),
        decryption_key_pem=pem(decrypting),
        encryption_cert_pem=certificate(decrypting, name),
    )


def changing_keys(sp: Sp) -> Sp:
    """The same while its keys are being changed."""
    key, decrypting = rsa_key("sp next"), rsa_key("sp next decrypting")
    return replace(
        sp,
        next_cert_pem=certificate(key, "sp next"),
        next_decryption_key_pem=pem(decrypting),
        next_encryption_cert_pem=certificate(decrypting, "sp next"),
    )


# --- messages


@dataclass(frozen=True)
class Recipe:
    """What goes into a response. None leaves it out; `USUAL` is what an honest provider writes."""

    nameid: str | None = "ada@example.org"
    nameid_format: str | None = EMAIL
    sp_name_qualifier: str | None = None
    attributes: Mapping[str, Sequence[str]] = field(default_factory=lambda: {"mail": ["ada@example.org"]})
    friendly_names: Mapping[str, str] = field(default_factory=dict)
    issuer: str | None = USUAL
    response_issuer: str | None = USUAL
    destination: str | None = USUAL
    recipient: str | None = USUAL
    audience: Sequence[Sequence[str]] = USUAL  # restrictions, each with its audiences
    in_response_to: str | None = USUAL
    subject_in_response_to: str | None = USUAL
    now: dt.datetime | None = None
    issued_ago_s: float = 0
    not_before_in_s: float | None = -30
    expires_in_s: float | None = 300  # of the conditions
    confirmed_for_s: float | None = 300  # of the subject confirmation
    authenticated_ago_s: float = 0
    session_index: str | None = "_session1"
    session_for_s: float | None = 8 * 3600
    method: str = BEARER
    status: str = SUCCESS
    response_id: str = USUAL
    assertion_id: str = USUAL
    sign_assertion: bool = True
    sign_response: bool = False
    encrypt: str | None = None  # "aes128-gcm", "aes256-gcm", "aes128-cbc", "aes256-cbc"
    transport: str = "rsa-oaep-mgf1p"
    oaep: str = "sha1"  # the digest in it
    signature: Mapping[str, Any] = field(default_factory=dict)  # of `sign_element`
    before: Edit | None = None  # edits the response element before anything is signed
    between: Edit | None = None  # after the assertion was signed, before encryption and the response's signature
    plain: Callable[[bytes], bytes] | None = None  # edits what is encrypted
    sealed: Edit | None = None  # after encryption, before the response's signature
    after: Edit | None = None  # at the end
    text: Callable[[bytes], bytes] | None = None  # edits the bytes


def stamp(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class ForgedIdp:
    """An identity provider with its own key. `key`: to sign with another key than the certificate says."""

    def __init__(self, entity_id: str = "https://idp.example/metadata", *, kind: str = "rsa", name: str = "") -> None:
        self._name, self._make_key = name or entity_id, ec_key if kind == "ec" else rsa_key
        self.entity_id = entity_id
        self.sso_url = entity_id.removesuffix("/metadata") + "/sso"
        self.slo_url = entity_id.removesuffix("/metadata") + "/slo"

    @functools.cached_property
    def key(self):
        return self._make_key(self._name)

    @functools.cached_property
    def certificate(self) -> str:
        return certificate(self.key, self._name)

    @property
    def idp(self) -> Idp:
        """As our side knows this provider."""
        return Idp(self.entity_id, self.sso_url, self.slo_url, (self.certificate,))

    def response(self, sp: Sp, request_id: str | None, *, recipe: Recipe | None = None, **changes: Any) -> str:
        """A response as it is posted: base64."""
        recipe = replace(recipe or Recipe(), **changes)
        raw = etree.tostring(self.response_element(sp, request_id, recipe))
        return encode(recipe.text(raw) if recipe.text else raw)

    def response_element(self, sp: Sp, request_id: str | None, recipe: Recipe):
        root = etree.fromstring(response_xml(self, sp, request_id, recipe))
        _edit(recipe.before, root)
        assertion = root.find(f"{{{ASSERTION}}}Assertion")
        if recipe.sign_assertion:
            self.sign(assertion, **recipe.signature)
        _edit(recipe.between, root)
        if recipe.encrypt:
            encrypt_in(root, sp, recipe)
        _edit(recipe.sealed, root)
        if recipe.sign_response:
            self.sign(root, **recipe.signature)
        _edit(recipe.after, root)
        return root

    def sign(self, element, **how: Any) -> Any:
        """Sign an element as most providers do: enveloped, after its Issuer."""
        return sign_element(element, how.pop("key", self.key), how.pop("certificate", self.certificate), **how)

    def logout_request(self, sp: Sp, **changes: Any) -> str:
        """A LogoutRequest by Redirect: a query string. See `logout_request_xml` and `redirect_query`."""
        query = {name: changes.pop(name) for name in list(changes) if name in QUERY_OPTIONS}
        return self.redirect_query("SAMLRequest", logout_request_xml(self, sp, **changes), **query)

    def logout_response(self, sp: Sp, request_id: str | None, **changes: Any) -> str:
        """A LogoutResponse by Redirect: a query string."""
        query = {name: changes.pop(name) for name in list(changes) if name in QUERY_OPTIONS}
        return self.redirect_query("SAMLResponse", logout_response_xml(self, sp, request_id, **changes), **query)

    def redirect_query(
        self,
        kind: str,
        xml: str | bytes,
        *,
        relay_state=None,
        algorithm=RSA_SHA256,
        signed=True,
        key=None,
        quote=quote_plus,
    ) -> str:
        """Deflate, encode and sign: SAML bindings, section 3.4.4.1."""
        raw = xml.encode() if isinstance(xml, str) else xml
        squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = base64.b64encode(squeeze.compress(raw) + squeeze.flush()).decode()
        query = f"{kind}={quote(packed)}"
        if relay_state is not None:
            query += f"&RelayState={quote(relay_state)}"
        if not signed:
            return query
        query += f"&SigAlg={quote(algorithm)}"
        value = sign_bytes(query.encode(), key or self.key, algorithm)
        return f"{query}&Signature={quote(base64.b64encode(value).decode())}"

    def metadata(self, **changes: Any) -> bytes:
        """This provider's metadata. See `metadata_xml`."""
        return metadata_xml(self, **changes).encode()


QUERY_OPTIONS = {"relay_state", "algorithm", "signed", "key", "quote"}


def encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def decode(posted: str):
    """The element of a posted message, for edits; `encode(etree.tostring(...))` brings it back."""
    return etree.fromstring(base64.b64decode(posted))


def _edit(edit: Edit | None, root) -> None:
    if edit:
        edit(root)


def _attributes(**values: Any) -> str:
    return "".join(f" {name}={quoteattr(str(value))}" for name, value in values.items() if value is not None)


def _usual(value: Any, usual: Any) -> Any:
    return usual if value is USUAL else value


def response_xml(idp: ForgedIdp, sp: Sp, request_id: str | None, recipe: Recipe) -> str:
    now = (recipe.now or dt.datetime.now(dt.UTC)) - dt.timedelta(seconds=recipe.issued_ago_s)
    head = _attributes(
        ID=_usual(recipe.response_id, "_r" + secrets.token_hex(16)),
        Version="2.0",
        IssueInstant=stamp(now),
        Destination=_usual(recipe.destination, sp.acs_url),
        InResponseTo=_usual(recipe.in_response_to, request_id),
    )
    issuer = _usual(recipe.response_issuer, idp.entity_id)
    return (
        f'<samlp:Response xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}"{head}>'
        + (f"<saml:Issuer>{escape(issuer)}</saml:Issuer>" if issuer is not None else "")
        + f'<samlp:Status><samlp:StatusCode Value="{recipe.status}"/></samlp:Status>'
        + assertion_xml(idp, sp, request_id, recipe)
        + "</samlp:Response>"
    )


def assertion_xml(idp: ForgedIdp, sp: Sp, request_id: str | None, recipe: Recipe) -> str:
    now = (recipe.now or dt.datetime.now(dt.UTC)) - dt.timedelta(seconds=recipe.issued_ago_s)
    later = functools.partial(_later, now)
    issuer = _usual(recipe.issuer, idp.entity_id)
    data = _attributes(
        NotOnOrAfter=later(recipe.confirmed_for_s),
        Recipient=_usual(recipe.recipient, sp.acs_url),
        InResponseTo=_usual(recipe.subject_in_response_to, request_id),
    )
    name = _attributes(Format=recipe.nameid_format, SPNameQualifier=recipe.sp_name_qualifier)
    window = _attributes(NotBefore=later(recipe.not_before_in_s), NotOnOrAfter=later(recipe.expires_in_s))
    login = _attributes(
        AuthnInstant=later(-recipe.authenticated_ago_s),
        SessionNotOnOrAfter=later(recipe.session_for_s),
        SessionIndex=recipe.session_index,
    )
    head = _attributes(
        ID=_usual(recipe.assertion_id, "_a" + secrets.token_hex(16)), Version="2.0", IssueInstant=stamp(now)
    )
    audiences = "".join(
        "<saml:AudienceRestriction>"
        + "".join(f"<saml:Audience>{escape(audience)}</saml:Audience>" for audience in restriction)
        + "</saml:AudienceRestriction>"
        for restriction in _usual(recipe.audience, ((sp.entity_id,),))
    )
    return (
        f'<saml:Assertion xmlns:saml="{ASSERTION}" xmlns:xs="http://www.w3.org/2001/XMLSchema"'
        f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"{head}>'
        + (f"<saml:Issuer>{escape(issuer)}</saml:Issuer>" if issuer is not None else "")
        + "<saml:Subject>"
        + (f"<saml:NameID{name}>{escape(recipe.nameid)}</saml:NameID>" if recipe.nameid is not None else "")
        + f'<saml:SubjectConfirmation Method="{recipe.method}"><saml:SubjectConfirmationData{data}/>'
        + f"</saml:SubjectConfirmation></saml:Subject><saml:Conditions{window}>{audiences}</saml:Conditions>"
        + f"<saml:AuthnStatement{login}><saml:AuthnContext><saml:AuthnContextClassRef>"
        + "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef>"
        + "</saml:AuthnContext></saml:AuthnStatement>"
        + _statement(recipe)
        + "</saml:Assertion>"
    )


def _later(now: dt.datetime, seconds: float | None) -> str | None:
    return None if seconds is None else stamp(now + dt.timedelta(seconds=seconds))


def _statement(recipe: Recipe) -> str:
    rows = "".join(
        f"<saml:Attribute{_attributes(Name=name, FriendlyName=recipe.friendly_names.get(name))}"
        ' NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic">'
        + "".join(f'<saml:AttributeValue xsi:type="xs:string">{escape(v)}</saml:AttributeValue>' for v in values)
        + "</saml:Attribute>"
        for name, values in recipe.attributes.items()
    )
    return f"<saml:AttributeStatement>{rows}</saml:AttributeStatement>" if rows else ""


# --- signatures


def canonical(element, prefixes: Sequence[str] = (), *, exclusive: bool = True) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=exclusive, inclusive_ns_prefixes=list(prefixes) or None)


def sign_element(
    element,
    key,
    cert: str,
    *,
    method: str = USUAL,
    digest: str = SHA256,
    uri: str = USUAL,
    prefixes: Sequence[str] = (),
    prefix: str = "ds",
    signed_info: Callable[[str], str] | None = None,
    value: Callable[[bytes], bytes] | None = None,
    key_info: str | None = USUAL,
    first: bool = False,
):
    """Put an enveloped signature into an element, after its Issuer (or `first`), and return it.

    `signed_info` edits the SignedInfo (text) before it is signed, `value` edits the signature's bytes afterwards.
    """
    method = _usual(method, ECDSA_SHA256 if isinstance(key, ec.EllipticCurvePrivateKey) else RSA_SHA256)
    hashed = base64.b64encode(hashlib.new(digest.split("#")[1], canonical(element, prefixes)).digest()).decode()
    listed = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{" ".join(prefixes)}"/>' if prefixes else ""
    info = (
        f'<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/><ds:SignatureMethod Algorithm="{method}"/>'
        f"<ds:Reference URI={quoteattr(_usual(uri, '#' + str(element.get('ID'))))}><ds:Transforms>"
        f'<ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{EXCLUSIVE}">{listed}</ds:Transform>'
        f'</ds:Transforms><ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue>{hashed}</ds:DigestValue>'
        "</ds:Reference></ds:SignedInfo>"
    )
    info = signed_info(info) if signed_info else info
    keys = _usual(key_info, f"<ds:X509Data><ds:X509Certificate>{bare(cert)}</ds:X509Certificate></ds:X509Data>")
    keys = f"<ds:KeyInfo>{keys}</ds:KeyInfo>" if keys is not None else ""
    xml = f'<ds:Signature xmlns:ds="{DSIG}">{info}<ds:SignatureValue></ds:SignatureValue>{keys}</ds:Signature>'
    if prefix != "ds":
        xml = xml.replace("ds:", f"{prefix}:" if prefix else "").replace(
            "xmlns:ds", f"xmlns:{prefix}" if prefix else "xmlns"
        )
        xml = xml.replace('<Signature xmlns:="', '<Signature xmlns="')
    signature = etree.fromstring(xml)
    issuer = element.find(f"{{{ASSERTION}}}Issuer")
    element.insert(0 if first or issuer is None else element.index(issuer) + 1, signature)
    made = sign_bytes(canonical(signature[0]), key, method)
    signature[1].text = base64.b64encode(value(made) if value else made).decode()
    return signature


def sign_bytes(data: bytes, key, method: str) -> bytes:
    """A signature as XML writes it: for ECDSA r and s, each of 32 bytes."""
    kind = HASHES.get(method.rsplit("-", 1)[-1], hashes.SHA256)()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(kind)))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return key.sign(data, padding.PKCS1v15(), kind)


# --- encryption

OAEP_DIGEST = f'<ds:DigestMethod Algorithm="{XENC}{{0}}"/>'


def encrypt_in(root, sp: Sp, recipe: Recipe) -> None:
    """Replace the assertion of a response by an encrypted one."""
    assertion = root.find(f"{{{ASSERTION}}}Assertion")
    raw = etree.tostring(assertion, with_tail=False)
    raw = recipe.plain(raw) if recipe.plain else raw
    sealed = etree.fromstring(
        encrypted_xml(raw, sp.encryption_cert_pem, recipe.encrypt or "", recipe.transport, recipe.oaep)
    )
    root.replace(assertion, sealed)


def encrypted_xml(raw: bytes, cert: str, method: str, transport: str = "rsa-oaep-mgf1p", oaep: str = "sha1") -> str:
    size = int(method[3:6]) // 8
    content_key = os.urandom(size)
    if method.endswith("gcm"):
        nonce = os.urandom(12)
        data, space = nonce + AESGCM(content_key).encrypt(nonce, raw, None), XENC11
    else:
        iv, fill = os.urandom(16), 16 - len(raw) % 16
        cipher = Cipher(algorithms.AES(content_key), modes.CBC(iv)).encryptor()
        data, space = iv + cipher.update(raw + bytes(fill - 1) + bytes([fill])) + cipher.finalize(), XENC
    public = x509.load_pem_x509_certificate(cert.encode()).public_key()
    pad: Any = padding.OAEP(padding.MGF1(hashes.SHA1()), HASHES[oaep](), None)
    if transport == "rsa-1_5":
        pad = padding.PKCS1v15()
    sealed_key = encode(public.encrypt(content_key, pad))
    transport_space = XENC11 if transport == "rsa-oaep" else XENC
    parameters = "" if oaep == "sha1" else OAEP_DIGEST.format(oaep)
    return (
        f'<saml:EncryptedAssertion xmlns:saml="{ASSERTION}"><xenc:EncryptedData xmlns:xenc="{XENC}" Type="{XENC}Element">'
        f'<xenc:EncryptionMethod Algorithm="{space}{method}"/><ds:KeyInfo xmlns:ds="{DSIG}"><xenc:EncryptedKey>'
        f'<xenc:EncryptionMethod Algorithm="{transport_space}{transport}">{parameters}</xenc:EncryptionMethod>'
        f"<xenc:CipherData><xenc:CipherValue>{sealed_key}"
        "</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>"
        f"{encode(data)}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>"
    )


# --- logout


def logout_request_xml(
    idp: ForgedIdp,
    sp: Sp,
    *,
    nameid: str | None = "ada@example.org",
    nameid_format: str | None = EMAIL,
    indexes: Sequence[str] = ("_session1",),
    issuer: str | None = USUAL,
    destination: str | None = USUAL,
    issued_ago_s: float = 0,
    expires_in_s: float | None = 300,
    message_id: str = USUAL,
    extra: str = "",
) -> str:
    now = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=issued_ago_s)
    issuer = _usual(issuer, idp.entity_id)
    head = _attributes(
        ID=_usual(message_id, "_l" + secrets.token_hex(16)),
        Version="2.0",
        IssueInstant=stamp(now),
        Destination=_usual(destination, sp.slo_url),
        NotOnOrAfter=_later(now, expires_in_s),
    )
    return (
        f'<samlp:LogoutRequest xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}"{head}>'
        + (f"<saml:Issuer>{escape(issuer)}</saml:Issuer>" if issuer is not None else "")
        + extra
        + (
            f"<saml:NameID{_attributes(Format=nameid_format)}>{escape(nameid)}</saml:NameID>"
            if nameid is not None
            else ""
        )
        + "".join(f"<samlp:SessionIndex>{escape(index)}</samlp:SessionIndex>" for index in indexes)
        + "</samlp:LogoutRequest>"
    )


def logout_response_xml(
    idp: ForgedIdp,
    sp: Sp,
    request_id: str | None,
    *,
    issuer: str | None = USUAL,
    destination: str | None = USUAL,
    issued_ago_s: float = 0,
    status: str = SUCCESS,
    message_id: str = USUAL,
) -> str:
    issuer = _usual(issuer, idp.entity_id)
    head = _attributes(
        ID=_usual(message_id, "_m" + secrets.token_hex(16)),
        Version="2.0",
        IssueInstant=stamp(dt.datetime.now(dt.UTC) - dt.timedelta(seconds=issued_ago_s)),
        Destination=_usual(destination, sp.slo_url),
        InResponseTo=request_id,
    )
    return (
        f'<samlp:LogoutResponse xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}"{head}>'
        + (f"<saml:Issuer>{escape(issuer)}</saml:Issuer>" if issuer is not None else "")
        + f'<samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status></samlp:LogoutResponse>'
    )


# --- metadata


def metadata_xml(
    idp: ForgedIdp,
    *,
    certificates: Sequence[str] | None = None,
    valid_until: str | None = None,
    sso_binding: str = "HTTP-Redirect",
    use: str | None = "signing",
    slo: bool = True,
) -> str:
    keys = "".join(
        f'<md:KeyDescriptor{_attributes(use=use)}><ds:KeyInfo xmlns:ds="{DSIG}"><ds:X509Data><ds:X509Certificate>'
        f"{bare(cert)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        for cert in (certificates or [idp.certificate])
    )
    binding = "urn:oasis:names:tc:SAML:2.0:bindings:"
    logout = f'<md:SingleLogoutService Binding="{binding}HTTP-Redirect" Location="{idp.slo_url}"/>' if slo else ""
    return (
        '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
        f"{_attributes(entityID=idp.entity_id, validUntil=valid_until)}>"
        f'<md:IDPSSODescriptor protocolSupportEnumeration="{PROTOCOL}">{keys}{logout}'
        f'<md:SingleSignOnService Binding="{binding}{sso_binding}" Location="{idp.sso_url}"/>'
        "</md:IDPSSODescriptor></md:EntityDescriptor>"
    )


def copied(element):
    return copy.deepcopy(element)
