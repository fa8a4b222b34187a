"""Every reason for refusing a SAML message, explained for the people who connect a provider.

The codes appear in the log, the console and the guides. A test checks that the guard raises no other code.
"""

from __future__ import annotations

#: code of `Rejected` -> what it means and what usually helps, in plain words.
CODES: dict[str, str] = {
    # the message cannot be read
    "empty": "The message is empty.",
    "not-base64": "The message is not encoded as SAML requires (strict base64).",
    "too-large": "The message is larger than any genuine one. If the provider sends hundreds of groups, let it send fewer.",
    "encoding": "The message is not UTF-8.",
    "dtd": "The message declares a document type or entities. Genuine providers never do this.",
    "not-xml": "The message is not well-formed XML.",
    "comment": "The message contains a comment or a processing instruction. Genuine providers never send one.",
    "too-many-nodes": "The message has more elements than any genuine one.",
    "too-many-namespaces": "The message declares more namespaces, or more prefixes for them, than any genuine one.",
    "blanks": "The message is indented in more ways than any genuine one.",
    "too-many-attributes": "An element of the message has more XML attributes than any genuine one.",
    "too-deep": "The elements of the message are nested deeper than in any genuine one.",
    "no-namespace": "An element of the message has no namespace.",
    "namespace": "The name of a namespace is not absolute (urn:, http:, https:), or SAML does not use this namespace.",
    "foreign-attribute": (
        "An element has an attribute that SAML does not define, that gives the element a second ID, that refers to a file,"
        " or that can be mistaken for another attribute."
    ),
    "bad-id": "An ID in the message is missing or is not a plain name.",
    "duplicate-id": "Two elements of the message have the same ID.",
    "markup-in-text": "The message contains markup where only text is allowed.",
    # it is not the expected message
    "not-a-response": "This is not a login response.",
    "version": "This is not SAML 2.0.",
    "status-missing": "The message does not say whether the login worked.",
    "status": "The provider itself refused the login. Its reason follows, if it is one that the standard defines.",
    "assertion-count": "The response does not contain exactly one assertion, in the correct place.",
    "unexpected-element": "The message contains an element that is not accepted there.",
    # signatures
    "unsigned": "Nothing in the message is signed. Enable signing at the provider.",
    "assertion-not-signed": (
        "The assertion is not signed. Let the provider sign the assertion. If it can sign only the response, allow that"
        " on the page Identity provider, under Policy."
    ),
    "signature-place": "A signature is in a place where none is allowed.",
    "two-signatures": "An element has two signatures.",
    "signature-form": "A signature has parts that we do not accept.",
    "canonicalization": "A signature does not use exclusive canonicalization.",
    "signature-algorithm": (
        "The signature's algorithm is not accepted. Let the provider sign with RSA or ECDSA and SHA-256 or better;"
        " logout messages with RSA."
    ),
    "reference": "A signature does not refer to the element that contains it.",
    "transforms": "A signature uses transforms other than the two usual ones.",
    "digest-algorithm": "The digest's algorithm is not accepted. Let the provider use SHA-256 or better.",
    "digest": "A digest does not have the length of its algorithm.",
    "key-info": "The key information of a signature contains more than certificates and names.",
    "signature": (
        "A signature is not from this provider, or the message was changed. If the provider has a new certificate, an"
        " administrator must accept it on the page Identity provider."
    ),
    "library": "The SAML library refused the message. Its error number follows.",
    # encryption
    "encryption-form": "The encrypted assertion does not have the usual form.",
    "encryption-algorithm": (
        "The encryption of the assertion is not accepted. Let the provider use AES-GCM, or disable encryption there. CBC"
        " must be allowed in the settings, and the response must be signed."
    ),
    "key-transport": (
        "The key of the encrypted assertion is not transported by RSA-OAEP in its usual form. Let the provider use"
        " rsa-oaep-mgf1p, without another MGF."
    ),
    "decryption": "The assertion could not be decrypted. The provider may be using an old certificate of this service.",
    # recipient, sender, request
    "destination": "The message was sent to another address. Compare the reply address (ACS, logout) at the provider.",
    "response-issuer": "The response is from a provider other than the one that is set up here.",
    "issuer": "The message is from a provider other than the one that is set up here.",
    "unsolicited": "This login was not requested here. Start at the login link, not at the provider's portal.",
    "nothing-pending": "No login is waiting for this message: it came too late, or the login was started elsewhere.",
    "in-response-to": "The message answers a login other than the one that is waiting.",
    "recipient": "The assertion is for another address. Compare the reply address (ACS) at the provider.",
    "audience": "The assertion is for another service. Compare the entity ID (audience) at the provider.",
    "audience-missing": "The assertion does not say for which service it is.",
    "replay": "This message was used before.",
    # times
    "bad-time": "A time is missing, or is not written as SAML requires (UTC, ending in Z).",
    "issued-in-future": "The message was issued in the future. Compare the clocks.",
    "too-old": "The message was issued too long ago. Compare the clocks.",
    "not-yet-valid": "The assertion is not valid yet. Compare the clocks.",
    "expired": "The message is no longer valid. Compare the clocks.",
    "confirmation-expired": "The assertion arrived too late. Compare the clocks.",
    "session-over": "The provider says that this login has ended already.",
    "authn-instant": "The assertion does not say when the person logged in, or gives a time in the future.",
    "authn-too-old": "A fresh login was requested, and the provider answered with an older one.",
    # the person
    "conditions": "The assertion does not have exactly one set of conditions.",
    "confirmation": "The assertion does not have a bearer confirmation with an end time.",
    "subject": "The assertion does not have exactly one subject.",
    "authn-statement": "The assertion does not describe exactly one login.",
    "nameid": "The name of the person (NameID) is missing, repeated, encrypted, too long, has spaces around it, or is not plain text.",
    "nameid-format": "The name of the person (NameID) has a format that does not identify people.",
    "nameid-qualifier": "The name of the person (NameID) is meant for another service.",
    "repeated-attribute": "An attribute has no name, or two attributes have the same name.",
    "attribute-markup": "An attribute's value is not plain text.",
    "too-many-values": "The assertion has more attributes, or longer ones, than any genuine one.",
    # logout
    "not-a-logout": "This is not the expected logout message.",
    "logout-binding": "A logout request arrived by HTTP-POST. Let the provider send it by HTTP-Redirect.",
    "query": "The parameters of the logout message are incomplete, repeated, or not written as SAML requires.",
    "deflate": "The logout message is not compressed as SAML requires.",
    "session-index": "The logout message names too many logins, or does not name them in the usual way.",
}
