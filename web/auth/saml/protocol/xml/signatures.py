"""Which form an XML signature may have, checked before any of it is processed.

libxmlsec runs the transforms of a signature before it verifies the signer, so an unchecked signature is a program of an
attacker. There is exactly one accepted form, which `check_signatures` enforces:

1. The signature is a child of an element that may be signed here, and its only signature.
2. Its children are SignedInfo, SignatureValue and at most a KeyInfo: no Object.
3. SignedInfo has exclusive canonicalization without parameters, an allowed method without parameters (no
   HMACOutputLength), and exactly one Reference.
4. The Reference points to the parent by its ID, and to nothing else.
5. The transforms are enveloped-signature, then exclusive canonicalization. Only the latter may name prefixes, and only a
   few: each prefix is looked up for each element, which could take minutes.
6. The digest method is allowed, and the digest has the correct length; the signature value is not empty.
7. KeyInfo contains nothing that would have to be fetched. Its content is never used, because the keys are pinned.

Then `check_signers` verifies the value of each signature over its SignedInfo, with the key of a pinned certificate. This
costs one small canonicalization and one operation with each key. It says nothing yet about the element that SignedInfo
refers to, but no digest is computed for an unknown signer.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lxml import etree

from web.auth.saml.protocol.values import Rejected
from web.auth.saml.protocol.vocabulary import DIGEST_METHODS, EXCLUSIVE, SIGNATURE, SIGNATURE_METHODS, TRANSFORMS, d

from . import library
from .parsing import Element, bytes_of

_PREFIXES = f"{{{EXCLUSIVE}}}InclusiveNamespaces"
#: Most characters of a list of prefixes, and most prefixes. Providers use one or two ("xs xsi"), old ones eight.
_LONGEST_PREFIXES = 128
_MOST_PREFIXES = 16
#: Most bytes of a canonicalized SignedInfo. Genuine ones have 700 to 1,000.
_LONGEST_SIGNED_INFO = 8 * 1024
_FETCHED = d("RetrievalMethod")
_KEY_INFO = {d("X509Data"), d("KeyName"), d("KeyValue")}


def check_signatures(root: Element, signable: Collection[Element]) -> list[Element]:
    """Return the elements that have a signature of the accepted form. The signers are not verified yet."""
    signed: list[Element] = []
    for signature in root.iter(d("Signature")):
        parent = signature.getparent()
        if parent is None or parent not in signable:  # 1
            raise Rejected("signature-place")
        if parent in signed:
            raise Rejected("two-signatures")
        _check_form(signature, parent)  # 2 to 7
        signed.append(parent)
    _check_strays(root, len(signed))
    return signed


def check_signers(signed: Collection[Element], certificates: Sequence[str]) -> tuple[str, ...]:
    """Return the certificates whose keys have signed the SignedInfo of these elements, each certificate once.

    `signed`: the result of `check_signatures`.
    """
    return tuple(dict.fromkeys(_signer(parent.find(d("Signature")), certificates) for parent in signed))


def _signer(signature: Element, certificates: Sequence[str]) -> str:
    try:
        said = etree.tostring(signature[0], method="c14n", exclusive=True)
    except etree.LxmlError:
        raise Rejected("signature-form", "SignedInfo") from None
    if len(said) > _LONGEST_SIGNED_INFO:
        raise Rejected("signature-form", "SignedInfo")
    found = library.signer_of(said, bytes_of(signature[1]), signature[0][1].get("Algorithm"), certificates)
    if not found:
        raise Rejected("signature", f"of the {etree.QName(signature.getparent()).localname.lower()}")
    return found


def _check_strays(root: Element, signatures: int) -> None:
    """Refuse parts of a signature outside the checked signatures (keys for encryption are checked elsewhere).

    They are counted, because finding the parent of each of thousands took longer than all other checks together.
    """
    for tag, most in (
        (d("SignedInfo"), signatures),
        (d("Reference"), signatures),
        (d("Object"), 0),
        (d("Manifest"), 0),
    ):
        if len(list(root.iter(tag))) > most:
            raise Rejected("signature-place")


def _check_form(signature: Element, parent: Element) -> None:
    tags = [child.tag for child in signature]
    if tags[:2] != [d("SignedInfo"), d("SignatureValue")] or tags[2:] not in ([], [d("KeyInfo")]):  # 2
        raise Rejected("signature-form")
    _check_signed_info(signature[0], parent)  # 3 to 6
    bytes_of(signature[1])  # 6
    for part in signature[2:]:
        _check_key_info(part)  # 7


def _check_signed_info(signed_info: Element, parent: Element) -> None:
    expected = [d("CanonicalizationMethod"), d("SignatureMethod"), d("Reference")]
    if [child.tag for child in signed_info] != expected:  # 3
        raise Rejected("signature-form", "SignedInfo")
    canonicalization, method, reference = signed_info
    if canonicalization.get("Algorithm") != EXCLUSIVE or len(canonicalization):
        raise Rejected("canonicalization")
    if method.get("Algorithm") not in SIGNATURE_METHODS or len(method):
        raise Rejected("signature-algorithm")
    if [child.tag for child in reference] != [d("Transforms"), d("DigestMethod"), d("DigestValue")]:
        raise Rejected("signature-form", "Reference")
    if not parent.get("ID") or reference.get("URI") != "#" + parent.get("ID"):  # 4
        raise Rejected("reference")
    transforms, digest_method, digest = reference
    _check_transforms(transforms)  # 5
    length = DIGEST_METHODS.get(digest_method.get("Algorithm"))
    if length is None or len(digest_method):  # 6
        raise Rejected("digest-algorithm")
    if len(bytes_of(digest)) != length:
        raise Rejected("digest")


def _check_transforms(transforms: Element) -> None:
    if [step.get("Algorithm") for step in transforms] != TRANSFORMS:
        raise Rejected("transforms")
    if any(step.tag != d("Transform") for step in transforms) or len(transforms[0]):
        raise Rejected("transforms")
    prefixes = list(transforms[1])
    if len(prefixes) > 1 or any(child.tag != _PREFIXES or len(child) for child in prefixes):
        raise Rejected("transforms")
    for child in prefixes:
        listed = child.get("PrefixList") or ""
        if len(listed) > _LONGEST_PREFIXES or len(listed.split()) > _MOST_PREFIXES:
            raise Rejected("transforms", "PrefixList")


def _check_key_info(key_info: Element) -> None:
    foreign = any(not node.tag.startswith(f"{{{SIGNATURE}}}") for node in key_info.iter())
    if foreign or any(child.tag not in _KEY_INFO for child in key_info) or key_info.find(f".//{_FETCHED}") is not None:
        raise Rejected("key-info")
