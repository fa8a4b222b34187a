"""The one file that speaks to python3-saml, and to libxmlsec where that library does not reach or costs too much.

It is given trees which our parser made and our rules judged, and settings that are made anew for each message, because
it rewrites them. Its verdict is necessary and never sufficient. Whatever it raises leaves here as `Rejected`, with its
type and its error number only: its texts quote the message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import xmlsec
from onelogin.saml2.errors import OneLogin_Saml2_ValidationError
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.settings import OneLogin_Saml2_Settings
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from web.auth.saml.protocol.values import Idp, Rejected, SamlPolicy, Sp
from web.auth.saml.protocol.vocabulary import MORE, POST, REDIRECT

Element = Any
Result = TypeVar("Result")

_METHODS = {
    MORE + "rsa-sha256": xmlsec.constants.TransformRsaSha256,
    MORE + "rsa-sha384": xmlsec.constants.TransformRsaSha384,
    MORE + "rsa-sha512": xmlsec.constants.TransformRsaSha512,
    MORE + "ecdsa-sha256": xmlsec.constants.TransformEcdsaSha256,
    MORE + "ecdsa-sha384": xmlsec.constants.TransformEcdsaSha384,
    MORE + "ecdsa-sha512": xmlsec.constants.TransformEcdsaSha512,
}


class _Response(OneLogin_Saml2_Response):  # type: ignore[misc]  # the library ships no types
    """A response of our parser, about whose times the library says nothing.

    Its own constructor would parse the bytes again, by its own rules. Its own clock tolerates five minutes in one place
    and no second in another; the guard judges every time, with one tolerance.
    """

    def __init__(self, settings: Any, sent: Element, opened: Element | None) -> None:
        self._settings = settings
        self._error = None
        self.document = sent
        self.decrypted_document = opened
        self.encrypted = opened is not None
        self.valid_scd_not_on_or_after = None

    def validate_timestamps(self, **_: Any) -> bool:
        return True

    def get_session_not_on_or_after(self) -> None:
        return None

    def _query_assertion(self, xpath_expr: str) -> list[Element]:
        found: list[Element] = super()._query_assertion(xpath_expr)
        return [_timeless(node) for node in found] if xpath_expr.endswith("/saml:SubjectConfirmation") else found


def _timeless(confirmation: Element) -> Element:
    copied = deepcopy(confirmation)
    for data in copied:
        for name in {"NotBefore", "NotOnOrAfter"} & set(data.attrib):
            del data.attrib[name]
    return copied


def judge(sent: Element, opened: Element | None, ours: tuple[Sp, Idp, SamlPolicy], request_id: str | None) -> None:
    """Let the library judge a response but for its times, and verify its signatures.

    `opened`: the same with its assertion decrypted.

    Raises Rejected unless every signature in it is the provider's.
    """
    sp, idp, policy = ours

    def ask() -> None:
        response = _Response(OneLogin_Saml2_Settings(_settings(sp, idp, policy)), sent, opened)
        response.is_valid(_request(sp), request_id, raise_exceptions=True)

    _translated("library", ask)


def is_response_signed_by(root: Element, certificates: Sequence[str]) -> bool:
    """Say whether the signature of a response is of one of the certificates."""
    return _is_signed(root, certificates, OneLogin_Saml2_Utils.RESPONSE_SIGNATURE_XPATH)


def is_assertion_signed_by(root: Element, certificates: Sequence[str]) -> bool:
    """Say whether the signature of the assertion in a response is of one of the certificates."""
    return _is_signed(root, certificates, OneLogin_Saml2_Utils.ASSERTION_SIGNATURE_XPATH)


def _is_signed(root: Element, certificates: Sequence[str], place: str) -> bool:
    verify = partial(OneLogin_Saml2_Utils.validate_sign, root, xpath=place, multicerts=list(certificates))
    return bool(_translated("library", verify))


def is_metadata_signed_by(root: Element, certificates: Sequence[str]) -> bool:
    """Say whether the signature of metadata is of one of the certificates."""
    checks = (partial(OneLogin_Saml2_Utils.validate_metadata_sign, root, cert=pem) for pem in certificates)
    return any(_translated("library", check) for check in checks)


def decrypt(data: Element, key: Element, private_keys: Sequence[str]) -> bytes:
    """Return what an EncryptedData without a Type holds. `key`: its EncryptedKey, for one of the private keys (PEM).

    In two steps, because the library's one builds a store of certificates each time: ten times what both cost.
    """
    for private_key in private_keys[:-1]:
        try:
            return _decrypt(data, key, private_key)
        except Rejected:
            continue
    return _decrypt(data, key, private_keys[-1])


def _decrypt(data: Element, key: Element, private_key: str) -> bytes:
    def ask() -> Any:
        opener = xmlsec.EncryptionContext()
        opener.key = xmlsec.Key.from_memory(private_key, xmlsec.constants.KeyDataFormatPem, None)
        content_key = opener.decrypt(deepcopy(key))
        reader = xmlsec.EncryptionContext()
        reader.key = xmlsec.Key.from_binary_data(xmlsec.constants.KeyDataAes, content_key)
        return reader.decrypt(deepcopy(data))

    plain = _translated("decryption", ask)
    if not isinstance(plain, bytes):
        raise Rejected("decryption")
    return plain


def sign_query(query: str, key: str) -> str:
    """Return the signature (base64) of a query, by RSA and SHA-256."""
    return str(OneLogin_Saml2_Utils.b64encode(OneLogin_Saml2_Utils.sign_binary(query, key)))


def signer_of(signed: bytes, signature: bytes, method: str, certificates: Sequence[str]) -> str:
    """Return the certificate with whose key these bytes were signed; "" if it is none of them.

    `method` is one of `SIGNATURE_METHODS`.
    """
    return next((pem for pem in certificates if _is_signed_with(signed, signature, method, pem)), "")


def _is_signed_with(signed: bytes, signature: bytes, method: str, certificate: str) -> bool:
    def ask() -> bool:
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(certificate, xmlsec.constants.KeyDataFormatCertPem, None)
        try:
            context.verify_binary(signed, _METHODS[method], signature)
        except xmlsec.Error:  # of another key, or of a key of another kind
            return False
        return True

    return _translated("library", ask)


def deflate(xml: str) -> str:
    """Compress a message for an address (base64)."""
    return str(OneLogin_Saml2_Utils.deflate_and_base64_encode(xml))


def _translated(code: str, ask: Callable[[], Result]) -> Result:
    try:
        return ask()
    except Exception as fault:  # noqa: BLE001 - it raises everything: xmlsec's, lxml's, its own and plain Exception
        number = getattr(fault, "code", "")
        code = "signature" if number == OneLogin_Saml2_ValidationError.INVALID_SIGNATURE else code
        raise Rejected(code, f"{type(fault).__name__} {number}".strip()) from None


def _settings(sp: Sp, idp: Idp, policy: SamlPolicy) -> dict[str, Any]:
    return {
        "strict": True,
        "debug": False,
        "sp": {
            "entityId": sp.entity_id,
            "assertionConsumerService": {"url": sp.acs_url, "binding": POST},
            "singleLogoutService": {"url": sp.slo_url, "binding": REDIRECT},
            "x509cert": sp.cert_pem,
            "privateKey": sp.key_pem,
        },
        "idp": {
            "entityId": idp.entity_id,
            "singleSignOnService": {"url": idp.sso_url, "binding": REDIRECT},
            # Pinned certificates, never a fingerprint: that would take the certificate from the message.
            "x509certMulti": {"signing": list(idp.certificates)},
        },
        "security": {
            "wantAssertionsSigned": not policy.accept_response_signature,
            "wantMessagesSigned": False,
            "wantNameId": True,
            "wantAttributeStatement": False,
            "allowRepeatAttributeName": False,
            "rejectDeprecatedAlgorithm": True,
            "requestedAuthnContext": False,
            "allowSingleLabelDomains": True,
        },
    }


def _request(sp: Sp) -> dict[str, Any]:
    """Say where we are, by configuration; a Host header says nothing."""
    here = urlsplit(sp.acs_url)
    return {
        "https": "on" if here.scheme == "https" else "off",
        "http_host": here.netloc,
        "script_name": here.path,
        "get_data": {},
    }
