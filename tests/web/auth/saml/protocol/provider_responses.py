"""Login responses as well-known providers write them: their prefixes, places of signatures, formats and habits.

Written down from messages of these programs and services. Each is signed by a `ForgedIdp`, and has to be accepted.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from tests.support.saml_forge import (
    ASSERTION,
    DSIG,
    EMAIL,
    PERSISTENT,
    PROTOCOL,
    SUCCESS,
    TRANSIENT,
    XENC,
    encode,
    encrypted_xml,
    stamp,
)
from tests.web.auth.saml.protocol.attack_scene import USUAL_POLICY, Scene
from web.auth.saml.protocol.values import SamlPolicy

A = f"{{{ASSERTION}}}"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
SCHEMA = 'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


@dataclass(frozen=True)
class Shape:
    """One provider's message, and who it is about."""

    build: Callable[[Scene], str]
    nameid: str
    mail: tuple[str, ...]  # the values of the attribute with the address
    mail_name: str
    policy: SamlPolicy = USUAL_POLICY
    signed: str = "assertion"  # for a second opinion: "assertion", "response", "both" or "" (encrypted)


class Moments:
    """The times of a message that is written now."""

    def __init__(self) -> None:
        now = dt.datetime.now(dt.UTC)
        self.now, self.precise = stamp(now), now.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        self.before, self.later = stamp(now - dt.timedelta(minutes=1)), stamp(now + dt.timedelta(minutes=5))
        self.tonight = stamp(now + dt.timedelta(hours=8))


def posted(root) -> str:
    return encode(etree.tostring(root))


def sealed(root, scene: Scene, method: str, edit: Callable[[str], str] = str):
    assertion = root.find(A + "Assertion")
    xml = edit(encrypted_xml(etree.tostring(assertion, with_tail=False), scene.sp.encryption_cert_pem, method))
    root.replace(assertion, etree.fromstring(xml))


def pysaml2(scene: Scene) -> str:
    """All namespaces at the root, the assertion signed, a transient name, names by OID, a NameID inside a value."""
    t, idp, sp = Moments(), scene.idp, scene.sp
    root = etree.fromstring(f"""<ns0:Response xmlns:ns0="{PROTOCOL}" xmlns:ns1="{ASSERTION}" {SCHEMA}
 Destination="{sp.acs_url}" ID="id-Nw2aXu" InResponseTo="{scene.request_id}" IssueInstant="{t.now}" Version="2.0"
><ns1:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">{idp.entity_id}</ns1:Issuer
><ns0:Status><ns0:StatusCode Value="{SUCCESS}" /></ns0:Status><ns1:Assertion ID="id-5n4R" IssueInstant="{t.now}"
 Version="2.0"><ns1:Issuer Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">{idp.entity_id}</ns1:Issuer
><ns1:Subject><ns1:NameID Format="{TRANSIENT}" NameQualifier="" SPNameQualifier="{sp.entity_id}">7f3e</ns1:NameID
><ns1:SubjectConfirmation Method="{BEARER}"><ns1:SubjectConfirmationData InResponseTo="{scene.request_id}"
 NotOnOrAfter="{t.later}" Recipient="{sp.acs_url}" /></ns1:SubjectConfirmation></ns1:Subject><ns1:Conditions
 NotBefore="{t.before}" NotOnOrAfter="{t.later}"><ns1:AudienceRestriction><ns1:Audience>{sp.entity_id}</ns1:Audience
></ns1:AudienceRestriction></ns1:Conditions><ns1:AuthnStatement AuthnInstant="{t.now}" SessionIndex="id-ses"
><ns1:AuthnContext><ns1:AuthnContextClassRef>{PASSWORD}</ns1:AuthnContextClassRef><ns1:AuthenticatingAuthority
>{idp.entity_id}</ns1:AuthenticatingAuthority></ns1:AuthnContext></ns1:AuthnStatement><ns1:AttributeStatement
><ns1:Attribute FriendlyName="eduPersonTargetedID" Name="urn:oid:1.3.6.1.4.1.5923.1.1.1.10" NameFormat="{URI}"
><ns1:AttributeValue><ns1:NameID Format="{PERSISTENT}">one!for!you</ns1:NameID></ns1:AttributeValue></ns1:Attribute
><ns1:Attribute FriendlyName="mail" Name="urn:oid:0.9.2342.19200300.100.1.3" NameFormat="{URI}"><ns1:AttributeValue
 xsi:type="xs:string">ada@example.org</ns1:AttributeValue></ns1:Attribute></ns1:AttributeStatement></ns1:Assertion
></ns0:Response>""")
    idp.sign(root.find(A + "Assertion"))
    return posted(root)


def simplesamlphp_element(scene: Scene):
    t, idp, sp = Moments(), scene.idp, scene.sp
    return etree.fromstring(f"""<samlp:Response xmlns:samlp="{PROTOCOL}" xmlns:saml="{ASSERTION}" ID="_9d0" Version="2.0"
 IssueInstant="{t.now}" Destination="{sp.acs_url}" InResponseTo="{scene.request_id}"><saml:Issuer>{idp.entity_id}</saml:Issuer
><samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status><saml:Assertion {SCHEMA} ID="_73a" Version="2.0"
 IssueInstant="{t.now}"><saml:Issuer>{idp.entity_id}</saml:Issuer><saml:Subject><saml:NameID
 NameQualifier="{idp.entity_id}" SPNameQualifier="{sp.entity_id}" Format="{PERSISTENT}">c0ffee</saml:NameID
><saml:SubjectConfirmation Method="{BEARER}"><saml:SubjectConfirmationData NotOnOrAfter="{t.later}"
 Recipient="{sp.acs_url}" InResponseTo="{scene.request_id}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions
 NotBefore="{t.before}" NotOnOrAfter="{t.later}"><saml:AudienceRestriction><saml:Audience>{sp.entity_id}</saml:Audience
></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="{t.now}"
 SessionNotOnOrAfter="{t.tonight}" SessionIndex="_be7"><saml:AuthnContext><saml:AuthnContextClassRef
>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement
><saml:AttributeStatement><saml:Attribute Name="uid" NameFormat="{BASIC}"><saml:AttributeValue xsi:type="xs:string"
>ada</saml:AttributeValue></saml:Attribute><saml:Attribute Name="mail" NameFormat="{BASIC}"><saml:AttributeValue
 xsi:type="xs:string">ada@example.org</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion
></samlp:Response>""")


def simplesamlphp(scene: Scene) -> str:
    """Both signed; a persistent name with both qualifiers; the login's end."""
    root = simplesamlphp_element(scene)
    scene.idp.sign(root.find(A + "Assertion"))
    scene.idp.sign(root)
    return posted(root)


def simplesamlphp_encrypted(scene: Scene) -> str:
    """Its encryption is always AES-128-CBC, below the response's signature."""
    root = simplesamlphp_element(scene)
    scene.idp.sign(root.find(A + "Assertion"))
    sealed(root, scene, "aes128-cbc")
    scene.idp.sign(root)
    return posted(root)


def default_namespaces(  # noqa: PLR0913 - what differs between those who write so
    scene: Scene, *, nameid: str, name_format: str, attributes: str, session: str = "", head: str = ""
):
    """The assertion in its own default namespace, as the libraries of Microsoft and others write it."""
    t, idp, sp = Moments(), scene.idp, scene.sp
    return etree.fromstring(f"""<samlp:Response ID="_8e8d" Version="2.0" IssueInstant="{t.precise}" {head}
 Destination="{sp.acs_url}" InResponseTo="{scene.request_id}" xmlns:samlp="{PROTOCOL}"><Issuer xmlns="{ASSERTION}"
>{idp.entity_id}</Issuer><samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status><Assertion
 ID="_e5d1" IssueInstant="{t.precise}" Version="2.0" xmlns="{ASSERTION}"><Issuer>{idp.entity_id}</Issuer><Subject><NameID
 Format="{name_format}">{nameid}</NameID><SubjectConfirmation Method="{BEARER}"><SubjectConfirmationData
 InResponseTo="{scene.request_id}" NotOnOrAfter="{t.later}" Recipient="{sp.acs_url}"/></SubjectConfirmation></Subject
><Conditions NotBefore="{t.before}" NotOnOrAfter="{t.later}"><AudienceRestriction><Audience>{sp.entity_id}</Audience
></AudienceRestriction></Conditions><AttributeStatement>{attributes}</AttributeStatement><AuthnStatement
 AuthnInstant="{t.precise}"{session}><AuthnContext><AuthnContextClassRef>{PASSWORD}</AuthnContextClassRef></AuthnContext
></AuthnStatement></Assertion></samlp:Response>""")


def entra(scene: Scene) -> str:
    """The assertion signed, claims by address, signature without a prefix, statements in another order."""
    attributes = (
        '<Attribute Name="http://schemas.microsoft.com/identity/claims/tenantid"><AttributeValue>8a2f</AttributeValue>'
        f'</Attribute><Attribute Name="{CLAIMS}emailaddress"><AttributeValue>ada@example.org</AttributeValue></Attribute>'
        '<Attribute Name="http://schemas.microsoft.com/claims/authnmethodsreferences"><AttributeValue>'
        "http://schemas.microsoft.com/ws/2008/06/identity/authenticationmethod/password</AttributeValue><AttributeValue>"
        "http://schemas.microsoft.com/claims/multipleauthn</AttributeValue></Attribute>"
    )
    root = default_namespaces(
        scene, nameid="ada@example.org", name_format=EMAIL, attributes=attributes, session=' SessionIndex="_e5d1"'
    )
    scene.idp.sign(root.find(A + "Assertion"), prefix="")
    return posted(root)


def adfs(scene: Scene) -> str:
    """Claims with their original issuer in a namespace of its own, consent, and encryption by CBC unless switched."""
    attributes = (
        f'<Attribute Name="{CLAIMS}emailaddress" a:OriginalIssuer="http://sts.example" '
        'xmlns:a="http://schemas.xmlsoap.org/ws/2009/09/identity/claims"><AttributeValue>ada@example.org</AttributeValue>'
        "</Attribute>"
    )
    root = default_namespaces(
        scene,
        nameid="EXAMPLE\\ada",
        name_format="urn:oasis:names:tc:SAML:1.1:nameid-format:WindowsDomainQualifiedName",
        attributes=attributes,
        session=' SessionIndex="_e5d1"',
        head='Consent="urn:oasis:names:tc:SAML:2.0:consent:unspecified"',
    )
    scene.idp.sign(root.find(A + "Assertion"))
    scene.idp.sign(root)
    return posted(root)


def saml_idp(scene: Scene) -> str:
    """A small program for tests: both signed, default namespaces inside."""
    attributes = (
        f'<Attribute Name="email" NameFormat="{BASIC}"><AttributeValue>ada@example.org</AttributeValue></Attribute>'
    )
    root = default_namespaces(
        scene, nameid="ada@example.org", name_format=EMAIL, attributes=attributes, session=' SessionIndex="117"'
    )
    scene.idp.sign(root.find(A + "Assertion"), prefix="")
    scene.idp.sign(root, prefix="")
    return posted(root)


def auth0_element(scene: Scene):
    attributes = (
        f'<Attribute Name="{CLAIMS}emailaddress" NameFormat="{URI}"><AttributeValue xsi:type="xs:string" {SCHEMA}'
        ">ada@example.org</AttributeValue></Attribute>"
        f'<Attribute Name="http://schemas.auth0.com/email_verified" NameFormat="{URI}"><AttributeValue'
        f' xsi:type="xs:boolean" {SCHEMA}>true</AttributeValue></Attribute>'
    )
    root = default_namespaces(scene, nameid="auth0|5e", name_format=UNSPECIFIED, attributes=attributes)
    scene.idp.sign(root.find(A + "Assertion"), prefix="")
    return root


def auth0(scene: Scene) -> str:
    """No SessionIndex, typed values."""
    return posted(auth0_element(scene))


def auth0_encrypted(scene: Scene) -> str:
    """AES-256-GCM, nothing signed around it."""
    root = auth0_element(scene)
    sealed(root, scene, "aes256-gcm")
    return posted(root)


def opensaml(scene: Scene, *, name_format: str, nameid: str, mail_name: str):
    """The prefixes of the Java library that Shibboleth, Okta, Google and many others use."""
    t, idp, sp = Moments(), scene.idp, scene.sp
    return etree.fromstring(
        f"""<?xml version="1.0" encoding="UTF-8"?><saml2p:Response xmlns:saml2p="{PROTOCOL}"
 Destination="{sp.acs_url}" ID="id30" InResponseTo="{scene.request_id}" IssueInstant="{t.precise}" Version="2.0"
 xmlns:xs="http://www.w3.org/2001/XMLSchema"><saml2:Issuer xmlns:saml2="{ASSERTION}"
 Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">{idp.entity_id}</saml2:Issuer><saml2p:Status><saml2p:StatusCode
 Value="{SUCCESS}"/></saml2p:Status><saml2:Assertion xmlns:saml2="{ASSERTION}" ID="id31" IssueInstant="{t.precise}"
 Version="2.0" xmlns:xs="http://www.w3.org/2001/XMLSchema"><saml2:Issuer
 Format="urn:oasis:names:tc:SAML:2.0:nameid-format:entity">{idp.entity_id}</saml2:Issuer><saml2:Subject><saml2:NameID
 Format="{name_format}">{nameid}</saml2:NameID><saml2:SubjectConfirmation Method="{BEARER}"
><saml2:SubjectConfirmationData Address="192.0.2.7" InResponseTo="{scene.request_id}" NotOnOrAfter="{t.later}"
 Recipient="{sp.acs_url}"/></saml2:SubjectConfirmation></saml2:Subject><saml2:Conditions NotBefore="{t.before}"
 NotOnOrAfter="{t.later}"><saml2:AudienceRestriction><saml2:Audience>{sp.entity_id}</saml2:Audience
></saml2:AudienceRestriction></saml2:Conditions><saml2:AuthnStatement AuthnInstant="{t.precise}"
 SessionIndex="id17"><saml2:SubjectLocality Address="192.0.2.7"/><saml2:AuthnContext><saml2:AuthnContextClassRef
>{PASSWORD}</saml2:AuthnContextClassRef></saml2:AuthnContext></saml2:AuthnStatement><saml2:AttributeStatement
><saml2:Attribute Name="{mail_name}" NameFormat="{UNSPECIFIED.replace("1.1:nameid", "2.0:attrname")}"
><saml2:AttributeValue xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">ada@example.org
</saml2:AttributeValue></saml2:Attribute></saml2:AttributeStatement></saml2:Assertion></saml2p:Response>""".encode()
    )


def okta(scene: Scene) -> str:
    """Both signed, with the prefix of schema types named as inclusive."""
    root = opensaml(scene, name_format=UNSPECIFIED, nameid="ada", mail_name="email")
    scene.idp.sign(root.find(A + "Assertion"), prefixes=["xs"])
    scene.idp.sign(root, prefixes=["xs"])
    return posted(root)


def google(scene: Scene) -> str:
    """The response signed, and not the assertion."""
    root = opensaml(scene, name_format=EMAIL, nameid="ada@example.org", mail_name="email")
    scene.idp.sign(root)
    return posted(root)


def shibboleth(scene: Scene) -> str:
    """The response signed; the assertion unsigned and encrypted, its key with names and certificates around it."""
    root = opensaml(scene, name_format=TRANSIENT, nameid="AAdz", mail_name="urn:oid:0.9.2342.19200300.100.1.3")
    own = f'<ds:KeyInfo xmlns:ds="{DSIG}"><ds:X509Data><ds:X509Certificate>AAAA</ds:X509Certificate></ds:X509Data></ds:KeyInfo>'

    def dress(xml: str) -> str:
        method = f'<xenc:EncryptionMethod Algorithm="{XENC}rsa-oaep-mgf1p"/>'
        full = (
            method[:-2] + f'><ds:DigestMethod xmlns:ds="{DSIG}" Algorithm="{DSIG}sha1"/></xenc:EncryptionMethod>{own}'
        )
        return xml.replace(method, full).replace("<xenc:EncryptedKey>", '<xenc:EncryptedKey Id="_k" Recipient="us">')

    sealed(root, scene, "aes128-gcm", dress)
    scene.idp.sign(root)
    return posted(root)


def key_beside(scene: Scene) -> str:
    """The encrypted key stands beside the data, with a pointer to it."""
    root = opensaml(scene, name_format=PERSISTENT, nameid="p1", mail_name="mail")
    scene.idp.sign(root.find(A + "Assertion"))

    def move(xml: str) -> str:
        start, end = xml.index("<xenc:EncryptedKey>"), xml.index("</xenc:EncryptedKey>") + 20
        key = xml[start:end].replace("<xenc:EncryptedKey>", f'<xenc:EncryptedKey xmlns:xenc="{XENC}" Id="_key">')
        pointer = f'<ds:RetrievalMethod Type="{XENC}EncryptedKey" URI="#_key"/>'
        return (xml[:start] + pointer + xml[end:]).replace("</xenc:EncryptedData>", "</xenc:EncryptedData>" + key)

    sealed(root, scene, "aes256-gcm", move)
    return posted(root)


LENIENT = SamlPolicy(accept_response_signature=True)
SHAPES = {
    "pysaml2": Shape(pysaml2, "7f3e", ("ada@example.org",), "urn:oid:0.9.2342.19200300.100.1.3"),
    "simplesamlphp": Shape(simplesamlphp, "c0ffee", ("ada@example.org",), "mail", signed="both"),
    "simplesamlphp-encrypted": Shape(
        simplesamlphp_encrypted, "c0ffee", ("ada@example.org",), "mail", SamlPolicy(allow_cbc=True), ""
    ),
    "saml-idp": Shape(saml_idp, "ada@example.org", ("ada@example.org",), "email", signed="both"),
    "auth0": Shape(auth0, "auth0|5e", ("ada@example.org",), CLAIMS + "emailaddress"),
    "auth0-encrypted": Shape(auth0_encrypted, "auth0|5e", ("ada@example.org",), CLAIMS + "emailaddress", signed=""),
    "entra": Shape(entra, "ada@example.org", ("ada@example.org",), CLAIMS + "emailaddress"),
    "adfs": Shape(adfs, "EXAMPLE\\ada", ("ada@example.org",), CLAIMS + "emailaddress", signed="both"),
    "okta": Shape(okta, "ada", ("ada@example.org",), "email", signed="both"),
    "google": Shape(google, "ada@example.org", ("ada@example.org",), "email", LENIENT, "response"),
    "shibboleth": Shape(shibboleth, "AAdz", ("ada@example.org",), "urn:oid:0.9.2342.19200300.100.1.3", LENIENT, ""),
    "key-beside-the-data": Shape(key_beside, "p1", ("ada@example.org",), "mail", signed=""),
}
