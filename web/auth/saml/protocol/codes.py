"""Every reason for which a SAML message is refused, explained for the people who connect a provider.

The codes stand in the log, the console and the guides. Why one table: a test holds that the guard raises no other.
"""

from __future__ import annotations

#: code of `Rejected` -> what it means and what usually helps, in plain words.
CODES: dict[str, str] = {
    # what arrived is no message that can be read
    "empty": "There is no message.",
    "not-base64": "The message is not encoded as SAML demands (strict base64).",
    "too-large": "The message is larger than any real one. If the provider sends hundreds of groups, send fewer.",
    "encoding": "The message is not UTF-8.",
    "dtd": "The message declares a document type or entities. Real providers never do.",
    "not-xml": "The message is not well-formed XML.",
    "comment": "The message holds a comment or a processing instruction. Real providers never send one.",
    "too-many-nodes": "The message has more elements than any real one.",
    "too-many-namespaces": "The message declares more namespaces, or more prefixes for them, than any real one.",
    "blanks": "The message is indented in more ways than any real one.",
    "too-many-attributes": "An element of the message has more XML attributes than any real one.",
    "too-deep": "The elements of the message are nested deeper than in any real one.",
    "no-namespace": "An element of the message belongs to no namespace.",
    "namespace": "A namespace of the message has no absolute name (urn:, http:, https:), or is none that SAML needs.",
    "foreign-attribute": (
        "An element has an attribute that SAML does not have, or that gives it a second identity, refers to a file, or is"
        " read as another."
    ),
    "bad-id": "An ID of the message is missing, or no plain name.",
    "duplicate-id": "Two elements of the message have the same ID.",
    "markup-in-text": "There is markup where only text belongs.",
    # it is not the message that belongs here
    "not-a-response": "This is no login response.",
    "version": "This is not SAML 2.0.",
    "status-missing": "The message does not say whether the login worked.",
    "status": "The provider itself refused the login. Its reason follows where it is one of the standard's.",
    "assertion-count": "The response does not hold exactly one assertion in its place.",
    "unexpected-element": "The message holds an element that we do not accept there, so nothing can hide in it.",
    # signatures
    "unsigned": "Nothing in the message is signed. Switch signing on at the provider.",
    "assertion-not-signed": (
        "The assertion is not signed. Let the provider sign the assertion; if it can sign the response only, allow that"
        " on the page Identity provider, under Policy."
    ),
    "signature-place": "A signature stands where none belongs.",
    "two-signatures": "An element carries two signatures.",
    "signature-form": "A signature has parts that we do not accept.",
    "canonicalization": "A signature is not made over exclusive canonical XML.",
    "signature-algorithm": (
        "The signature's algorithm is not accepted. Let the provider sign with RSA or ECDSA and SHA-256 or better;"
        " logout messages with RSA."
    ),
    "reference": "A signature does not refer to the element that it stands in.",
    "transforms": "A signature demands transforms other than the two usual ones.",
    "digest-algorithm": "The digest's algorithm is not accepted. Let the provider use SHA-256 or better.",
    "digest": "A digest does not have its length.",
    "key-info": "A signature's key information holds more than certificates and names.",
    "signature": (
        "A signature is not of this provider, or the message was changed. If the provider has a new certificate, an"
        " administrator accepts it on the page Identity provider."
    ),
    "library": "The SAML library refused the message; its error number follows.",
    # encryption
    "encryption-form": "The encrypted assertion does not have the usual form.",
    "encryption-algorithm": (
        "The assertion's encryption is not accepted. Let the provider use AES-GCM, or switch encryption off there. CBC"
        " needs the implementation's switch and a signed response."
    ),
    "key-transport": (
        "The key of the encrypted assertion is not transported by RSA-OAEP in its usual form. Let the provider use"
        " rsa-oaep-mgf1p, and no MGF of its own."
    ),
    "decryption": "The assertion could not be decrypted. The provider may have an old certificate of ours.",
    # to whom, from whom, in answer to what
    "destination": "The message was sent to another address. Compare the reply address (ACS, logout) at the provider.",
    "response-issuer": "The response is of another provider than the one that is set up here.",
    "issuer": "The message is of another provider than the one that is set up here.",
    "unsolicited": "Nobody asked for this login here. Begin at the log-in link, not at the provider's portal.",
    "nothing-pending": "The message answers a login that is not waiting here: too late, or begun elsewhere.",
    "in-response-to": "The message answers another login than the one that is waiting.",
    "recipient": "The assertion is for another address. Compare the reply address (ACS) at the provider.",
    "audience": "The assertion is for another service. Compare the entity id (audience) at the provider.",
    "audience-missing": "The assertion does not say for which service it is.",
    "replay": "This message was used before.",
    # times
    "bad-time": "A time is missing, or not written as SAML demands (UTC, ending in Z).",
    "issued-in-future": "The message was issued in the future. Compare the clocks.",
    "too-old": "The message was issued too long ago. Compare the clocks.",
    "not-yet-valid": "The assertion is not valid yet. Compare the clocks.",
    "expired": "The message is not valid any more. Compare the clocks.",
    "confirmation-expired": "The assertion came too late. Compare the clocks.",
    "session-over": "The provider says that this login has ended already.",
    "authn-instant": "The assertion does not say when the person logged in, or says a time in the future.",
    "authn-too-old": "A fresh login was asked for, and the provider answered with an older one.",
    # about whom
    "conditions": "The assertion does not have exactly one set of conditions.",
    "confirmation": "The assertion is not confirmed for whoever brings it (bearer), with an end.",
    "subject": "The assertion does not have exactly one subject.",
    "authn-statement": "The assertion is not about exactly one login.",
    "nameid": "The name of the person (NameID) is missing, repeated, encrypted, too long, has blanks around it or is no plain text.",
    "nameid-format": "The name of the person (NameID) is of a kind that does not name people.",
    "nameid-qualifier": "The name of the person (NameID) is meant for another service.",
    "repeated-attribute": "An attribute has no name, or two have the same.",
    "attribute-markup": "An attribute's value is not plain text.",
    "too-many-values": "The assertion has more attributes, or longer ones, than any real one.",
    # logout
    "not-a-logout": "This is not the logout message that belongs here.",
    "logout-binding": "A logout request came by POST. Let the provider send it by Redirect.",
    "query": "The parameters of the logout message are incomplete, repeated or not written as SAML demands.",
    "deflate": "The logout message is not compressed as SAML demands.",
    "session-index": "The logout message names too many logins, or names them in a way that no provider does.",
}
