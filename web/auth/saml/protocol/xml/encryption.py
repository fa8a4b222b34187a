"""Encrypted assertions: which form is accepted, and how they are decrypted.

Anyone can encrypt with our public key, so the decrypted content is untrusted. The steps:

1. There is one EncryptedData for an element, with an allowed method. CBC can be changed in transit and allows padding
   oracle attacks, so it requires the implementation's switch and a verified signature around it.
2. There is exactly one EncryptedKey, in the KeyInfo or beside the EncryptedData, transported by RSA-OAEP.
3. The ciphertexts are in the message; nothing is fetched.
4. Only the key and the data are used, without any other content of a KeyInfo.
5. The decrypted bytes have not been parsed by libxml2. They are read like every message, with the same limits, and must
   be one assertion and nothing else.
"""

from __future__ import annotations

from copy import deepcopy
from xml.sax.saxutils import quoteattr

from lxml import etree

from web.auth.saml.protocol.values import Rejected, SamlPolicy, Sp
from web.auth.saml.protocol.vocabulary import CBC, ELEMENT, ENCRYPTED_KEY, GCM, KEY_TRANSPORT, PROTOCOL, a, d, x

from . import library
from .parsing import Element, read_xml

_OAEP_DIGESTS = {
    "http://www.w3.org/2000/09/xmldsig#sha1",  # the default of OAEP, whose security does not depend on collisions
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
}


def check_encryption(encrypted: Element, policy: SamlPolicy, *, outer_signed: bool) -> None:
    """Check the form of an EncryptedAssertion: steps 1 to 3. Nothing is decrypted yet."""
    data = _only(encrypted, x("EncryptedData"))
    if data.get("Type") != ELEMENT:
        raise Rejected("encryption-form")
    method = _algorithm(data)  # 1
    if len(_only(data, x("EncryptionMethod"))):
        raise Rejected("encryption-form", "EncryptionMethod")
    if method not in GCM and not (method in CBC and policy.allow_cbc and outer_signed):
        raise Rejected("encryption-algorithm")
    key = _key(encrypted, data)  # 2
    if _algorithm(key) not in KEY_TRANSPORT:
        raise Rejected("key-transport")
    _check_parameters(key)
    for part in (data, key):
        _cipher(part)  # 3


def decrypt(root: Element, encrypted: Element, sp: Sp) -> Element:
    """Return a copy of the response with the decrypted assertion: steps 4 and 5."""
    data = _only(encrypted, x("EncryptedData"))
    keys = [key for key in (sp.decryption_key_pem, sp.next_decryption_key_pem) if key]
    plain = library.decrypt(*_bare(data, _key(encrypted, data)), keys)
    assertion = _assertion_in(plain, encrypted)
    opened = deepcopy(root)
    place = opened.find(a("EncryptedAssertion"))
    place.tail, assertion.tail = None, None
    opened.replace(place, assertion)
    return opened


def _only(parent: Element, tag: str) -> Element:
    found = parent.findall(tag)
    if len(found) != 1:
        raise Rejected("encryption-form")
    return found[0]


def _algorithm(part: Element) -> str:
    return str(_only(part, x("EncryptionMethod")).get("Algorithm"))


def _key(encrypted: Element, data: Element) -> Element:
    keys = list(encrypted.iter(x("EncryptedKey")))
    if len(keys) != 1 or keys[0].getparent() not in (encrypted, _only(data, d("KeyInfo"))):
        raise Rejected("encryption-form")
    beside = [child for child in encrypted if child is not data and child is not keys[0]]
    if beside or any(node.getparent() is not encrypted for node in encrypted.iter(x("EncryptedData"))):
        raise Rejected("encryption-form")
    for pointer in encrypted.iter(d("RetrievalMethod")):
        # Only a pointer to the key beside the data is accepted. We do not use it.
        if len(pointer) or pointer.get("Type") != ENCRYPTED_KEY or pointer.get("URI") != f"#{keys[0].get('Id')}":
            raise Rejected("encryption-form", "RetrievalMethod")
    return keys[0]


def _check_parameters(key: Element) -> None:
    for parameter in _only(key, x("EncryptionMethod")):
        # No mask generation function (MGF) of a newer standard, because the library's schema does not define it.
        if parameter.tag != d("DigestMethod") or parameter.get("Algorithm") not in _OAEP_DIGESTS or len(parameter):
            raise Rejected("key-transport", etree.QName(parameter).localname)


def _cipher(part: Element) -> Element:
    value = _only(_only(part, x("CipherData")), x("CipherValue"))
    if len(value) or len(value.getparent()) != 1:
        raise Rejected("encryption-form", "CipherData")
    return value


def _bare(data: Element, key: Element) -> tuple[Element, Element]:
    """Build an EncryptedData and an EncryptedKey that contain only what was checked."""
    built = []
    for source in (data, key):
        bare = etree.Element(source.tag, nsmap={None: x("")[1:-1]})
        bare.append(deepcopy(_only(source, x("EncryptionMethod"))))
        cipher = etree.SubElement(etree.SubElement(bare, x("CipherData")), x("CipherValue"))
        cipher.text = _cipher(source).text
        built.append(bare)
    return built[0], built[1]


def _assertion_in(plain: bytes, encrypted: Element) -> Element:
    # Some providers encrypt an assertion whose namespaces are declared by the elements around it.
    frame = "frame"
    while frame in encrypted.nsmap:
        frame += "-"
    spaces = "".join(
        f" xmlns{':' + prefix if prefix else ''}={quoteattr(name)}"
        for prefix, name in {**encrypted.nsmap, frame: PROTOCOL}.items()
    )
    inside = read_xml(f"<{frame}:Extensions{spaces}>".encode() + plain + f"</{frame}:Extensions>".encode())
    if (
        len(inside) != 1
        or inside[0].tag != a("Assertion")
        or (inside.text or "").strip()
        or (inside[0].tail or "").strip()
    ):
        raise Rejected("assertion-count", "decrypted")
    return inside[0]
