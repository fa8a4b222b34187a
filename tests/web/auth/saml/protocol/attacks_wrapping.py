"""Signature wrapping: the signed element is where the verifier looks, and a forged one is where the reader looks.

The eight classical forms (Somorovsky and others, 2012) for both signed elements, with the same and with a new ID, and
variants that hide the signed one in places made for extensions.
"""

import copy
from collections.abc import Callable

from tests.support.saml_forge import ASSERTION, DSIG, PROTOCOL
from tests.web.auth.saml.protocol.attack_scene import RESPONSE_SIGNED, Attack, Scene, add, attack

A, P, D = f"{{{ASSERTION}}}", f"{{{PROTOCOL}}}", f"{{{DSIG}}}"


def assertion_of(root):
    return root.find(A + "Assertion")


def evil_copy(element, *, new_id: bool, keep_signature: bool = False):
    """The same element, about the administrator."""
    copied = copy.deepcopy(element)
    for signature in [] if keep_signature else copied.findall(D + "Signature"):
        copied.remove(signature)
    if new_id:
        copied.set("ID", "_evil")
    for name in copied.iter(A + "NameID"):
        name.text = "admin@example.org"
    for value in copied.iter(A + "AttributeValue"):
        value.text = "admin@example.org"
    return copied


def make(parent, tag: str, *children):
    made = parent.makeelement(tag)
    made.extend(children)
    return made


def xsw1(root, new_id):  # the forged response; the signed original inside its own, moved signature
    original = copy.deepcopy(root)
    signature = root.find(D + "Signature")
    inner = original.find(D + "Signature")
    original.remove(inner)
    signature.append(original)
    _corrupt(root, new_id)


def xsw2(root, new_id):  # the same, the original before the signature (detached)
    original = copy.deepcopy(root)
    original.remove(original.find(D + "Signature"))
    root.find(D + "Signature").addprevious(original)
    _corrupt(root, new_id)


def _corrupt(root, new_id):
    if new_id:
        root.set("ID", "_evil")
    assertion = assertion_of(root)
    root.replace(assertion, evil_copy(assertion, new_id=True))


def xsw3(root, new_id):  # the forged assertion before the original
    assertion_of(root).addprevious(evil_copy(assertion_of(root), new_id=new_id))


def xsw4(root, new_id):  # the original inside the forged one
    original = assertion_of(root)
    evil = evil_copy(original, new_id=new_id)
    root.replace(original, evil)
    evil.append(original)


def xsw5(root, new_id):  # the forged one keeps the signature; the original, without, at the end
    original = assertion_of(root)
    evil = evil_copy(original, new_id=new_id, keep_signature=True)
    root.replace(original, evil)
    original.remove(original.find(D + "Signature"))
    root.append(original)


def xsw6(root, new_id):  # the original inside the forged one's signature
    original = assertion_of(root)
    evil = evil_copy(original, new_id=new_id, keep_signature=True)
    root.replace(original, evil)
    original.remove(original.find(D + "Signature"))
    evil.find(D + "Signature").append(original)


def xsw7(root, new_id):  # the forged one inside Extensions
    root.insert(1, make(root, P + "Extensions", evil_copy(assertion_of(root), new_id=new_id)))


def xsw8(root, new_id):  # the original inside an Object of the forged one's signature
    original = assertion_of(root)
    evil = evil_copy(original, new_id=new_id, keep_signature=True)
    root.replace(original, evil)
    original.remove(original.find(D + "Signature"))
    evil.find(D + "Signature").append(make(evil, D + "Object", original))


def after_the_original(root, new_id):
    assertion_of(root).addnext(evil_copy(assertion_of(root), new_id=new_id))


def original_in_advice(root, new_id):
    original = assertion_of(root)
    evil = evil_copy(original, new_id=new_id)
    root.replace(original, evil)
    evil.insert(3, make(evil, A + "Advice", original))


def original_in_extensions(root, new_id):
    original = assertion_of(root)
    root.replace(original, evil_copy(original, new_id=new_id))
    root.insert(1, make(root, P + "Extensions", original))


def original_in_status_detail(root, new_id):
    original = assertion_of(root)
    root.replace(original, evil_copy(original, new_id=new_id))
    status = root.find(P + "Status")
    status.append(make(status, P + "StatusDetail", original))


def original_in_attribute_value(root, new_id):
    original = assertion_of(root)
    evil = evil_copy(original, new_id=new_id)
    root.replace(original, evil)
    value = next(evil.iter(A + "AttributeValue"))
    value.text = None
    value.append(original)


def original_in_confirmation_data(root, new_id):
    original = assertion_of(root)
    evil = evil_copy(original, new_id=new_id)
    root.replace(original, evil)
    next(evil.iter(A + "SubjectConfirmationData")).append(original)


def original_in_authn_context(root, new_id):
    original = assertion_of(root)
    evil = evil_copy(original, new_id=new_id)
    root.replace(original, evil)
    context = next(evil.iter(A + "AuthnContext"))
    context.append(make(context, A + "AuthnContextDecl", original))


def original_in_key_info(root, new_id):
    original = assertion_of(root)
    evil = evil_copy(original, new_id=new_id, keep_signature=True)
    root.replace(original, evil)
    original.remove(original.find(D + "Signature"))
    evil.find(f"{D}Signature/{D}KeyInfo").append(original)


def original_in_signature_value(root, new_id):
    original = assertion_of(root)
    evil = evil_copy(original, new_id=new_id, keep_signature=True)
    root.replace(original, evil)
    original.remove(original.find(D + "Signature"))
    evil.find(f"{D}Signature/{D}SignatureValue").append(original)


def nested_response(root, new_id):
    inner = copy.deepcopy(root)
    assertion = assertion_of(root)
    root.replace(assertion, evil_copy(assertion, new_id=new_id))
    root.append(inner)


def response_around_the_original(root, new_id):
    inner = copy.deepcopy(root)
    root.replace(assertion_of(root), make(root, P + "Response", inner))


def foreign_wrapper(root, new_id):
    original = assertion_of(root)
    root.replace(original, evil_copy(original, new_id=new_id))
    root.append(make(root, "{urn:wrapper}Box", original))


def empty_encrypted_beside(root, new_id):
    root.append(make(root, A + "EncryptedAssertion"))


def original_in_encrypted(root, new_id):
    original = assertion_of(root)
    root.replace(original, evil_copy(original, new_id=new_id))
    root.append(make(root, A + "EncryptedAssertion", original))


def signature_moved_to_subject(root, new_id):
    assertion = assertion_of(root)
    assertion.find(A + "Subject").append(assertion.find(D + "Signature"))


def signature_moved_to_response(root, new_id):
    assertion = assertion_of(root)
    root.insert(1, assertion.find(D + "Signature"))


def signature_moved_to_status(root, new_id):
    root.find(P + "Status").append(assertion_of(root).find(D + "Signature"))


def signature_twice(root, new_id):
    signature = assertion_of(root).find(D + "Signature")
    signature.addnext(copy.deepcopy(signature))


def signature_moved_to_attribute(root, new_id):
    next(root.iter(A + "AttributeValue")).append(assertion_of(root).find(D + "Signature"))


def signature_missing(root, new_id):
    assertion = assertion_of(root)
    assertion.remove(assertion.find(D + "Signature"))


ON_ASSERTION: dict[str, Callable] = {
    "xsw3": xsw3,
    "xsw4": xsw4,
    "xsw5": xsw5,
    "xsw6": xsw6,
    "xsw7": xsw7,
    "xsw8": xsw8,
    "xsw-after-the-original": after_the_original,
    "xsw-original-in-advice": original_in_advice,
    "xsw-original-in-extensions": original_in_extensions,
    "xsw-original-in-status-detail": original_in_status_detail,
    "xsw-original-in-attribute-value": original_in_attribute_value,
    "xsw-original-in-confirmation-data": original_in_confirmation_data,
    "xsw-original-in-authn-context": original_in_authn_context,
    "xsw-original-in-key-info": original_in_key_info,
    "xsw-original-in-signature-value": original_in_signature_value,
    "xsw-nested-response": nested_response,
    "xsw-foreign-wrapper": foreign_wrapper,
    "xsw-original-in-encrypted": original_in_encrypted,
}
ON_RESPONSE: dict[str, Callable] = {
    "xsw1": xsw1,
    "xsw2": xsw2,
    "xsw-response-signed-3": xsw3,
    "xsw-nested": nested_response,
}
ONCE: dict[str, Callable] = {
    "response-around-the-original": response_around_the_original,
    "empty-encrypted-beside": empty_encrypted_beside,
    "signature-moved-to-subject": signature_moved_to_subject,
    "signature-moved-to-response": signature_moved_to_response,
    "signature-moved-to-status": signature_moved_to_status,
    "signature-moved-to-attribute": signature_moved_to_attribute,
    "signature-twice": signature_twice,
    "signature-missing": signature_missing,
}


def _built(edit, *, new_id: bool, **how):
    return lambda scene: scene.edited(lambda root: edit(root, new_id), **how)


for _name, _edit in ON_ASSERTION.items():
    add(Attack(f"{_name}-same-id", None, _built(_edit, new_id=False)))
    add(Attack(f"{_name}-new-id", None, _built(_edit, new_id=True)))
for _name, _edit in ON_RESPONSE.items():
    how = {"sign_response": True, "sign_assertion": False}
    add(Attack(f"{_name}-same-id", None, _built(_edit, new_id=False, **how), RESPONSE_SIGNED))
    add(Attack(f"{_name}-new-id", None, _built(_edit, new_id=True, **how), RESPONSE_SIGNED))
CODES = {
    "signature-moved-to-attribute": "signature-place",
    "signature-twice": "two-signatures",
    "signature-missing": "unsigned",
    "signature-moved-to-response": "reference",
}
for _name, _edit in ONCE.items():
    add(Attack(_name, CODES.get(_name), _built(_edit, new_id=False)))


@attack("two-assertions-both-signed", "assertion-count")
def two_signed(scene: Scene) -> str:
    def edit(root):
        extra = copy.deepcopy(assertion_of(root))
        extra.set("ID", "_second")
        root.append(extra)

    def sign_second(root):
        scene.idp.sign(root.findall(A + "Assertion")[1])

    return scene.response(before=edit, between=sign_second)


@attack("two-assertions-second-of-another-provider", "assertion-count")
def two_of_two(scene: Scene) -> str:
    def edit(root):
        extra = evil_copy(assertion_of(root), new_id=True)
        scene.thief.sign(extra)
        root.append(extra)

    return scene.edited(edit)


@attack("no-assertion", "assertion-count")
def no_assertion(scene: Scene) -> str:
    return scene.edited(lambda root: root.remove(assertion_of(root)), sign_assertion=False, sign_response=False)


@attack("no-assertion-response-signed", "assertion-count", policy=RESPONSE_SIGNED)
def no_assertion_signed(scene: Scene) -> str:
    return scene.response(before=lambda root: root.remove(assertion_of(root)), sign_assertion=False)


@attack("assertion-as-the-root", "not-a-response")
def assertion_root(scene: Scene) -> str:
    return scene.response(text=lambda raw: raw[raw.index(b"<saml:Assertion") : raw.rindex(b"</samlp:Response>")])


@attack("logout-response-as-login", "not-a-response")
def logout_as_login(scene: Scene) -> str:
    return scene.bytes(lambda raw: raw.replace(b"samlp:Response", b"samlp:LogoutResponse"))


@attack("response-in-another-namespace", None)
def other_namespace(scene: Scene) -> str:
    return scene.bytes(lambda raw: raw.replace(b"SAML:2.0:protocol", b"SAML:1.0:protocol"))


@attack("saml-1-assertion", None)
def old_assertion(scene: Scene) -> str:
    return scene.bytes(lambda raw: raw.replace(b"SAML:2.0:assertion", b"SAML:1.0:assertion"))


@attack("response-signed-only-and-not-allowed", "assertion-not-signed")
def response_signed_only(scene: Scene) -> str:
    return scene.response(sign_assertion=False, sign_response=True)


@attack("response-signed-assertion-exchanged", "signature", policy=RESPONSE_SIGNED)
def response_signed_exchanged(scene: Scene) -> str:
    def edit(root):
        root.replace(assertion_of(root), evil_copy(assertion_of(root), new_id=False))

    return scene.edited(edit, sign_assertion=False, sign_response=True)


@attack("assertion-signed-response-signature-broken", "signature")
def outer_broken(scene: Scene) -> str:
    return scene.edited(lambda root: root.set("IssueInstant", "2026-01-01T00:00:00Z"), sign_response=True)


@attack("response-signed-assertion-of-the-thief", "signature", policy=RESPONSE_SIGNED)
def inner_thief(scene: Scene) -> str:
    return scene.response(
        sign_assertion=False, between=lambda root: scene.thief.sign(assertion_of(root)), sign_response=True
    )
