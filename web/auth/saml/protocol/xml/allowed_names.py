"""The allowlist: every element, attribute and namespace that may occur in a message.

libxml2 keeps each new name until its thread ends, so names chosen by an attacker must not reach it. Genuine providers need
no other names. Names of the standards that are refused later, with a better reason, are listed too. Metadata may use
further names (`metadata.DOCUMENT`).
"""

from __future__ import annotations

from web.auth.saml.protocol.vocabulary import (
    ASSERTION,
    ENCRYPTION,
    ENCRYPTION_11,
    EXCLUSIVE,
    INSTANCE,
    METADATA,
    MORE,
    PROTOCOL,
    SIGNATURE,
    XML,
)

SIGNATURE_11 = "http://www.w3.org/2009/xmldsig11#"
SCHEMA = "http://www.w3.org/2001/XMLSchema"
ASYNCHRONOUS_LOGOUT = "urn:oasis:names:tc:SAML:2.0:protocol:ext:async-slo"
#: The original issuer of a claim: ADFS adds it to each attribute that it relays.
CLAIMS = "http://schemas.xmlsoap.org/ws/2009/09/identity/claims"
ATTRIBUTE_EXTENSION = "urn:oasis:names:tc:SAML:attribute:ext"
X500_PROFILE = "urn:oasis:names:tc:SAML:2.0:profiles:attribute:X500"
XACML_PROFILE = "urn:oasis:names:tc:SAML:2.0:profiles:attribute:XACML"

_MESSAGE = {
    PROTOCOL: """Response Status StatusCode StatusMessage StatusDetail Extensions LogoutRequest LogoutResponse SessionIndex
        AuthnRequest""",
    ASSERTION: """Assertion Issuer Subject NameID EncryptedID BaseID SubjectConfirmation SubjectConfirmationData Conditions
        Condition AudienceRestriction Audience OneTimeUse ProxyRestriction Advice AssertionIDRef AssertionURIRef Statement
        AuthnStatement SubjectLocality AuthnContext AuthnContextClassRef AuthnContextDecl AuthnContextDeclRef
        AuthenticatingAuthority AuthzDecisionStatement Action Evidence AttributeStatement Attribute AttributeValue
        EncryptedAttribute EncryptedAssertion""",
    SIGNATURE: """Signature SignedInfo SignatureValue CanonicalizationMethod SignatureMethod HMACOutputLength Reference
        Transforms Transform XPath DigestMethod DigestValue KeyInfo KeyName KeyValue RSAKeyValue Modulus Exponent
        DSAKeyValue P Q G Y J Seed PgenCounter RetrievalMethod X509Data X509Certificate X509CRL X509IssuerSerial
        X509IssuerName X509SerialNumber X509SKI X509SubjectName PGPData PGPKeyID PGPKeyPacket SPKIData SPKISexp MgmtData
        Object Manifest SignatureProperties SignatureProperty""",
    SIGNATURE_11: """ECKeyValue NamedCurve PublicKey DEREncodedKeyValue KeyInfoReference X509Digest""",
    ENCRYPTION: """EncryptedData EncryptedKey EncryptionMethod KeySize OAEPparams CipherData CipherValue CipherReference
        EncryptionProperties EncryptionProperty ReferenceList DataReference KeyReference CarriedKeyName AgreementMethod""",
    ENCRYPTION_11: "MGF",
    EXCLUSIVE: "InclusiveNamespaces",
    ASYNCHRONOUS_LOGOUT: "Asynchronous",
}

#: Attributes without a namespace.
_PLAIN = """Address Algorithm AuthnInstant Consent Count DNSName Decision Destination Encoding Format FriendlyName ID Id
    InResponseTo IssueInstant Method MimeType Name NameFormat NameQualifier Namespace NotBefore NotOnOrAfter PrefixList
    Reason Recipient Resource SPNameQualifier SPProvidedID Scope SessionIndex SessionNotOnOrAfter Target Type URI Value
    Version id
    AssertionConsumerServiceIndex AssertionConsumerServiceURL AttributeConsumingServiceIndex ForceAuthn IsPassive
    ProtocolBinding ProviderName"""

_QUALIFIED = {
    XML: "lang space",
    INSTANCE: "type nil",
    CLAIMS: "OriginalIssuer",
    ATTRIBUTE_EXTENSION: "OriginalIssuer LastModified",
    X500_PROFILE: "Encoding",
    XACML_PROFILE: "DataType",
}

#: Namespaces that some providers declare at the root, and use only in values or not at all.
_DECLARED = {
    SCHEMA,
    METADATA,
    MORE,
    "http://www.w3.org/2001/XMLSchema-datatypes",
    "http://www.w3.org/2005/08/addressing",
    "http://www.w3.org/2003/05/soap-envelope",
    "http://schemas.xmlsoap.org/soap/envelope/",
    "http://schemas.xmlsoap.org/ws/2005/02/trust",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims",
    "http://docs.oasis-open.org/ws-sx/ws-trust/200512",
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
    "urn:oasis:names:tc:SAML:2.0:conditions:delegation",
    "urn:oasis:names:tc:SAML:2.0:ac",
    "urn:oasis:names:tc:SAML:2.0:profiles:attribute:DCE",
}

#: Names are (namespace, local name); "" is no namespace.
ELEMENTS = frozenset((space, name) for space, names in _MESSAGE.items() for name in names.split())
ATTRIBUTES = frozenset(
    [("", name) for name in _PLAIN.split()]
    + [(space, name) for space, names in _QUALIFIED.items() for name in names.split()]
)
NAMESPACES = frozenset({*_MESSAGE, *_QUALIFIED, *_DECLARED})
