"""The only module that uses python3-saml, and libxmlsec where that library lacks a function or costs too much.

The library gets trees that were parsed and checked by us, and new settings for each message, because it modifies them.
Its acceptance is necessary but never sufficient. Its exceptions are converted to `Rejected` with their type and error
number only, because their texts quote the message.
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
    """A response from our parser, whose times the library does not check.

    The library's constructor would parse the bytes again, by its own rules. It tolerates clock differences of five minutes
    in one place and none in another; the guard checks every time, with one tolerance.
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


def validate(sent: Element, opened: Element | None, ours: tuple[Sp, Idp, SamlPolicy], request_id: str | None) -> None:
    """Let the library check a response, except for its times, and verify its signatures.

    `opened`: the response with its assertion decrypted. Raises Rejected unless every signature is the provider's.
    """
    sp, idp, policy = ours

    def ask() -> None:
        response = _Response(OneLogin_Saml2_Settings(_settings(sp, idp, policy)), sent, opened)
        response.is_valid(_request(sp), request_id, raise_exceptions=True)

    _translated("library", ask)


def is_response_signed_by(root: Element, certificates: Sequence[str]) -> bool:
    """Say whether the signature of a response is from one of the certificates."""
    return _is_signed(root, certificates, OneLogin_Saml2_Utils.RESPONSE_SIGNATURE_XPATH)


def is_assertion_signed_by(root: Element, certificates: Sequence[str]) -> bool:
    """Say whether the signature of the assertion in a response is from one of the certificates."""
    return _is_signed(root, certificates, OneLogin_Saml2_Utils.ASSERTION_SIGNATURE_XPATH)


def _is_signed(root: Element, certificates: Sequence[str], place: str) -> bool:
    verify = partial(OneLogin_Saml2_Utils.validate_sign, root, xpath=place, multicerts=list(certificates))
    return bool(_translated("library", verify))


def is_metadata_signed_by(root: Element, certificates: Sequence[str]) -> bool:
    """Say whether the signature of metadata is from one of the certificates."""
    checks = (partial(OneLogin_Saml2_Utils.validate_metadata_sign, root, cert=pem) for pem in certificates)
    return any(_translated("library", check) for check in checks)


def decrypt(data: Element, key: Element, private_keys: Sequence[str]) -> bytes:
    """Return the content of an EncryptedData without a Type. `key`: its EncryptedKey, for one of the private keys (PEM).

    The key and the data are decrypted in two steps, which is ten times as fast as the library's single step.
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
    """Return the certificate whose key signed these bytes; "" if it is none of them.

    `method` is one of `SIGNATURE_METHODS`.
    """
    return next((pem for pem in certificates if _is_signed_with(signed, signature, method, pem)), "")


def _is_signed_with(signed: bytes, signature: bytes, method: str, certificate: str) -> bool:
    def ask() -> bool:
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(certificate, xmlsec.constants.KeyDataFormatCertPem, None)
        try:
            context.verify_binary(signed, _METHODS[method], signature)
        except xmlsec.Error:  # another key, or a key of another type
            return False
        return True

    return _translated("library", ask)


def deflate(xml: str) -> str:
    """Compress a message for an address (base64)."""
    return str(OneLogin_Saml2_Utils.deflate_and_base64_encode(xml))


def _translated(code: str, ask: Callable[[], Result]) -> Result:
    try:
        return ask()
    except Exception as fault:  # noqa: BLE001 - it raises errors of xmlsec, of lxml, its own and plain Exception
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
            # Pinned certificates, never a fingerprint: with that, the library would use the certificate in the message.
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
    """Return our address by configuration, not by the Host header."""
    here = urlsplit(sp.acs_url)
    return {
        "https": "on" if here.scheme == "https" else "off",
        "http_host": here.netloc,
        "script_name": here.path,
        "get_data": {},
    }
