"""The names of SAML and XML signatures: namespaces, and the algorithms that are allowed.

An algorithm that is not named here is refused. The following are withheld:

| Withheld | Reason |
|---|---|
| SHA-1, MD5, DSA | forgeable |
| HMAC | the key would be the public certificate |
| XPath, XSLT, base64 and all other transforms | they run before the signature is verified, and can take minutes of CPU time |
| canonicalization with comments, and inclusive canonicalization | the signed content would depend on the elements around it |
| CBC, RSA 1.5, 3DES | attackers can read and change the encrypted content; CBC has a switch |
"""

from __future__ import annotations

PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
ENCRYPTION = "http://www.w3.org/2001/04/xmlenc#"
ENCRYPTION_11 = "http://www.w3.org/2009/xmlenc11#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
XML = "http://www.w3.org/XML/1998/namespace"

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = SIGNATURE + "enveloped-signature"

#: The only accepted transforms, in this order.
TRANSFORMS = [ENVELOPED, EXCLUSIVE]
RSA_SHA256 = MORE + "rsa-sha256"
RSA_METHODS = frozenset({RSA_SHA256, MORE + "rsa-sha384", MORE + "rsa-sha512"})
SIGNATURE_METHODS = RSA_METHODS | {MORE + "ecdsa-sha256", MORE + "ecdsa-sha384", MORE + "ecdsa-sha512"}
#: Digest method -> bytes of a digest.
DIGEST_METHODS = {ENCRYPTION + "sha256": 32, MORE + "sha384": 48, ENCRYPTION + "sha512": 64}

GCM = frozenset(ENCRYPTION_11 + name for name in ("aes128-gcm", "aes192-gcm", "aes256-gcm"))
CBC = frozenset(ENCRYPTION + name for name in ("aes128-cbc", "aes192-cbc", "aes256-cbc"))
KEY_TRANSPORT = frozenset({ENCRYPTION + "rsa-oaep-mgf1p", ENCRYPTION_11 + "rsa-oaep"})
ENCRYPTED_KEY = ENCRYPTION + "EncryptedKey"
ELEMENT = ENCRYPTION + "Element"

SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"

UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
#: NameID formats for people. Excluded: names of systems (entity), and names that only the provider can read (encrypted).
NAMEID_FORMATS = frozenset(
    {
        UNSPECIFIED,
        TRANSIENT,
        PERSISTENT,
        EMAIL,
        "urn:oasis:names:tc:SAML:2.0:nameid-format:unspecified",
        "urn:oasis:names:tc:SAML:2.0:nameid-format:emailAddress",
        "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName",
        "urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName",
        "urn:oasis:names:tc:SAML:2.0:nameid-format:kerberos",
    }
)


def p(name: str) -> str:
    """Return the name of a protocol element, as lxml writes it."""
    return f"{{{PROTOCOL}}}{name}"


def a(name: str) -> str:
    """Return the name of an assertion element."""
    return f"{{{ASSERTION}}}{name}"


def m(name: str) -> str:
    """Return the name of a metadata element."""
    return f"{{{METADATA}}}{name}"


def d(name: str) -> str:
    """Return the name of a signature element."""
    return f"{{{SIGNATURE}}}{name}"


def x(name: str) -> str:
    """Return the name of an encryption element."""
    return f"{{{ENCRYPTION}}}{name}"
