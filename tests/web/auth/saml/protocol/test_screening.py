"""What a document is made of is judged before libxml2 sees a byte of it, and nothing of it stays in the process."""

import base64
import json
import re
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
from lxml import etree

from tests.support import ROOT
from tests.support.saml_forge import ForgedIdp, encode, logout_request_xml
from tests.web.auth.saml.protocol.attack_scene import Scene
from tests.web.auth.saml.protocol.attacks_names import BLANKS, INSIDE, NAMES, random_names
from tests.web.auth.saml.protocol.corpus import ATTACKS
from tests.web.auth.saml.protocol.provider_responses import SHAPES
from tests.web.auth.saml.protocol.test_controls import believed
from tests.web.auth.saml.protocol.test_logout import IDP as LEAVING_IDP
from tests.web.auth.saml.protocol.test_logout import ended
from web.auth.saml.protocol.messages import logout_guard, metadata, redirect_binding, response_guard
from web.auth.saml.protocol.messages.metadata import BadMetadata, read_idp_metadata
from web.auth.saml.protocol.values import Rejected
from web.auth.saml.protocol.xml import parsing, screening
from web.auth.saml.protocol.xml.parsing import MESSAGE, read_xml

SCENE = Scene()
#: Kilobytes. The reader alone keeps nothing; whole messages leave holes between what they have used.
GROWTH = {"reader": 500, "guard": 5000}


@pytest.mark.parametrize("what", GROWTH)
def test_a_flood_of_names_and_blanks_leaves_nothing_in_the_process(what):
    """Names, prefixes, namespaces and runs of blanks which libxml2 would keep for ever: megabytes for each of them."""
    command = [sys.executable, "-m", "tests.web.auth.saml.protocol.reading_growth", what]
    grown = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120).stdout)
    assert {kind: kilobytes for kind, kilobytes in grown.items() if kilobytes > GROWTH[what]} == {}


@pytest.fixture
def unread(monkeypatch):
    """lxml reads nothing: who asks it fails."""

    def fromstring(raw, parser):
        raise AssertionError(f"libxml2 was given {len(raw)} bytes")

    monkeypatch.setattr(parsing, "etree", SimpleNamespace(fromstring=fromstring, XMLParser=etree.XMLParser))


def watched(monkeypatch) -> list[bytes]:
    """What lxml reads from now on."""
    read = []

    def fromstring(raw, parser):
        read.append(raw)
        return etree.fromstring(raw, parser)

    own = SimpleNamespace(
        fromstring=fromstring, XMLParser=etree.XMLParser, XMLSyntaxError=etree.XMLSyntaxError, QName=etree.QName
    )
    monkeypatch.setattr(parsing, "etree", own)
    return read


#: Those with a known name in the wrong place leave nothing new to remember.
UNREAD = [
    name
    for name, (code, _) in NAMES.items()
    if code not in (None, "signature") and not name.startswith(("language-on", "blanks-kept-on"))
]


@pytest.mark.parametrize("name", UNREAD)
def test_libxml2_sees_no_byte_of_a_message_with(name, unread):
    code, _ = NAMES[name]
    raw = base64.b64decode(ATTACKS[f"names-{name}"].build(SCENE))
    with pytest.raises(Rejected) as refused:
        read_xml(raw)
    assert refused.value.code == code


@pytest.mark.parametrize("name", [name for name in INSIDE if "names" in name or name in ("namespaces", "prefixes")])
def test_libxml2_sees_no_byte_of_a_decrypted_assertion_with(name, monkeypatch):
    """Everybody can encrypt to our public key. The message around it is read, and nothing that comes out."""
    message = ATTACKS[f"inside-names-{name}"].build(SCENE)
    read = watched(monkeypatch)
    with pytest.raises(Rejected) as refused:
        believed(message)
    assert refused.value.code == INSIDE[name][0]
    assert read == [base64.b64decode(message)]


def test_an_honest_message_is_read_by_libxml2_as_it_came(monkeypatch):
    """The tests above would pass if it read something else than what was screened."""
    screened, read = [], watched(monkeypatch)
    real = parsing.screen
    monkeypatch.setattr(parsing, "screen", lambda raw, limits: (screened.append(raw), real(raw, limits)))
    assert believed(SCENE.response(encrypt="aes256-gcm"))
    assert screened == read
    assert len(read) == 2


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_known_provider_uses_known_names_only(shape):
    screening.screen(base64.b64decode(shape.build(SCENE)), MESSAGE)


CONTROLS = {
    "cdata": lambda raw: raw.replace(b"ada@example.org</saml:NameID>", b"<![CDATA[ada@example.org]]></saml:NameID>"),
    "standalone": lambda raw: b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>' + raw,
    "unused-namespaces": lambda raw: raw.replace(
        b"<samlp:Response ",
        b'<samlp:Response xmlns:enc="http://www.w3.org/2001/04/xmlenc#" '
        b'xmlns:x500="urn:oasis:names:tc:SAML:2.0:profiles:attribute:X500" '
        b'xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" ',
        1,
    ),
    "namespace-by-number": lambda raw: raw.replace(b"names:tc:SAML:2.0:protocol", b"names&#58;tc:SAML:2.0:protocol", 1),
    "blanks-between-attributes": lambda raw: raw.replace(b"<samlp:Status>", b"<samlp:Status\n\t >"),
}


@pytest.mark.parametrize("name", CONTROLS)
def test_another_writing_of_the_same_is_read(name):
    assert believed(SCENE.bytes(CONTROLS[name])).nameid == "ada@example.org"


def test_what_reads_the_xml_of_others_does_it_in_a_thread_that_ends(monkeypatch):
    """lxml keeps names by thread: those of a few prefixes, and of an administrator's metadata."""
    threads = []
    real = parsing.screen
    monkeypatch.setattr(parsing, "screen", lambda *given: (threads.append(threading.current_thread()), real(*given)))
    believed(SCENE.response())
    ended(LEAVING_IDP.logout_request(SCENE.sp))
    read_idp_metadata(SCENE.idp.metadata())
    assert len(threads) == 3
    assert threading.current_thread() not in threads
    assert not any(thread.is_alive() for thread in threads)


# --- messages in an address

NAMES_IN_A_LOGOUT = random_names(b"<x:n% xmlns:x='urn:x'/>", 60)


def logout_with(inside: bytes, idp=LEAVING_IDP, **how) -> str:
    raw = logout_request_xml(LEAVING_IDP, SCENE.sp, extra="<samlp:Extensions>mark</samlp:Extensions>").encode()
    return idp.redirect_query("SAMLRequest", raw.replace(b"mark", inside), **how)


@pytest.mark.parametrize(
    "how",
    [{"signed": False}, {"idp": SCENE.thief}, {"key": SCENE.thief.key}],
    ids=["unsigned", "by a stranger", "with a stranger's key"],
)
def test_a_logout_that_the_provider_has_not_signed_is_not_even_inflated(how, monkeypatch):
    monkeypatch.setattr(redirect_binding, "_inflate", lambda packed: pytest.fail("inflated"))
    with pytest.raises(Rejected) as refused:
        ended(logout_with(NAMES_IN_A_LOGOUT, **how))
    assert refused.value.code in ("unsigned", "signature")


LOGOUTS = {
    "many-names": ("unexpected-element", NAMES_IN_A_LOGOUT),
    "many-prefixes": ("too-many-namespaces", random_names(b"<x:n xmlns:x='urn:x' xmlns:p%='urn:x'/>", 30)),
    "a-document-type": ("dtd", b"<!DOCTYPE x>"),
    "blanks-in-hundreds-of-ways": ("blanks", BLANKS.replace(b"saml:Advice", b"samlp:Status")),
    "elements-without-end": ("not-xml", b"<samlp:Status>" * 30),
}


@pytest.mark.parametrize("name", LOGOUTS)
def test_libxml2_sees_no_byte_of_a_signed_logout_with(name, unread):
    code, inside = LOGOUTS[name]
    with pytest.raises(Rejected) as refused:
        ended(logout_with(inside))
    assert refused.value.code == code


# --- metadata

EXTENSIONS = {
    "mdui": ("urn:oasis:names:tc:SAML:metadata:ui", ('<e:UIInfo><e:DisplayName xml:lang="en">Idp</e:DisplayName>'
             '<e:Logo height="16" width="16">https://idp.example/logo.png</e:Logo></e:UIInfo>')),
    "shibmd": ("urn:mace:shibboleth:metadata:1.0", '<e:Scope regexp="false">idp.example</e:Scope>'),
    "alg": ("urn:oasis:names:tc:SAML:metadata:algsupport",
            '<e:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><e:SigningMethod MinKeySize="2048" Algorithm="x"/>'),
    "mdrpi": ("urn:oasis:names:tc:SAML:metadata:rpi", ('<e:RegistrationInfo registrationAuthority="https://fed.example">'
              '<e:RegistrationPolicy xml:lang="en">https://fed.example/p</e:RegistrationPolicy></e:RegistrationInfo>')),
    "mdattr": ("urn:oasis:names:tc:SAML:metadata:attribute", ('<e:EntityAttributes><saml:Attribute Name="c" NameFormat="f"'
               ' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><saml:AttributeValue>v</saml:AttributeValue>'
               "</saml:Attribute></e:EntityAttributes>")),
    "idpdisc": ("urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol",
                '<e:DiscoveryResponse Binding="b" Location="https://sp.example/d" index="1"/>'),
    "reqinit": ("urn:oasis:names:tc:SAML:profiles:SSO:request-init", '<e:RequestInitiator Binding="b" Location="https://sp.example/i"/>'),
    "remd": ("http://refeds.org/metadata", '<x e:contactType="http://refeds.org/metadata/contactType/security" xmlns="urn:x"/>'),
    "fed": ("http://docs.oasis-open.org/wsfed/federation/200706", ('<e:ClaimTypesOffered><a:ClaimType Uri="u" Optional="true"'
            ' xmlns:a="http://docs.oasis-open.org/wsfed/authorization/200706"><a:DisplayName>n</a:DisplayName></a:ClaimType>'
            "</e:ClaimTypesOffered>")),
}  # fmt: skip


def extended(inside: str, attributes: str = "") -> bytes:
    text = f"<md:Extensions{attributes}>{inside}</md:Extensions><md:IDPSSODescriptor"
    return SCENE.idp.metadata().replace(b"<md:IDPSSODescriptor", text.encode(), 1)


@pytest.mark.parametrize("name", EXTENSIONS)
def test_metadata_may_be_extended_as_federations_do(name):
    space, inside = EXTENSIONS[name]
    assert read_idp_metadata(extended(inside, f' xmlns:e="{space}"')).entity_id == SCENE.idp.entity_id


def test_metadata_may_hold_all_usual_extensions_and_all_parts_of_the_standard():
    together = "".join(
        inside.replace("<e:", f"<{name}:").replace("</e:", f"</{name}:").replace(" e:", f" {name}:")
        for name, (_, inside) in EXTENSIONS.items()
    )
    spaces = "".join(f' xmlns:{name}="{space}"' for name, (space, _) in EXTENSIONS.items())
    rest = (
        '<md:Organization><md:OrganizationName xml:lang="en">o</md:OrganizationName></md:Organization>'
        '<md:ContactPerson contactType="technical"><md:EmailAddress>a@b.example</md:EmailAddress></md:ContactPerson>'
    )
    raw = extended(together, spaces).replace(b"</md:EntityDescriptor>", rest.encode() + b"</md:EntityDescriptor>")
    assert read_idp_metadata(raw).sso_url == SCENE.idp.sso_url


HOSTILE = {
    "names": "".join(f"<e:n{number}/>" for number in range(500)),
    "attributes": "".join(f'<e:a n{number}=""/>' for number in range(500)),
    "namespaces": "".join(f'<e:a xmlns:x="urn:n{number}"/>' for number in range(500)),
    "prefixes": "".join(f'<e:a xmlns:n{number}="urn:x"/>' for number in range(200)),
    "instructions": "".join(f"<?n{number}?>" for number in range(500)),
    "long name": f"<e:{'n' * 1000}/>",
    "long prefix": f'<e:a xmlns:{"n" * 1000}="urn:x"/>',
    "blanks": "".join(
        "<e:a/>" + "".join(" \t\n"[number // 3**place % 3] for place in range(8)) for number in range(2000)
    ),
    "namespaces in scope": "".join(f'<e:a xmlns:p{n % 90}="urn:x{n % 5}">' for n in range(38)) + "</e:a>" * 38,
    "deep": "<e:a>" * 50 + "</e:a>" * 50,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_libxml2_sees_no_byte_of_metadata_with_too_many(name, unread, monkeypatch):
    if name == "namespaces in scope":
        monkeypatch.setattr(metadata, "DOCUMENT", screening.XmlLimits(unknown=400, in_scope=30, lenient=True))
    with pytest.raises(BadMetadata, match="cannot be read safely"):
        read_idp_metadata(extended(HOSTILE[name], ' xmlns:e="urn:extension"'))


def test_a_signature_of_metadata_is_digested_only_when_its_value_is_of_the_given_certificate(monkeypatch):
    asked = []
    monkeypatch.setattr(metadata.library, "is_metadata_signed_by", lambda *given: asked.append(given))
    federation, thief = ForgedIdp("https://federation.example"), ForgedIdp("https://thief.example", name="thief")
    root = etree.fromstring(SCENE.idp.metadata().replace(b" entityID", b' ID="_m" entityID'))
    thief.sign(root, first=True)
    with pytest.raises(BadMetadata, match="not signed with the certificate"):
        read_idp_metadata(etree.tostring(root), signed_by=(federation.certificate,))
    assert not asked


def test_the_name_in_a_refusal_is_plain():
    with pytest.raises(Rejected) as refused:
        read_xml('<saml:N\u0430 xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>'.encode())
    assert (refused.value.code, refused.value.detail) == ("unexpected-element", "")
    with pytest.raises(Rejected) as refused:
        believed(encode(b'<saml:Admin xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"/>'))
    assert refused.value.detail == "Admin"
    with pytest.raises(Rejected) as refused:
        believed(SCENE.bytes(NAMES["unknown-namespace-that-nobody-uses"][1]))
    assert (refused.value.code, refused.value.detail) == ("namespace", "urn:x")


def sources():
    """The product's files that may read untrusted XML, without the development provider."""
    return [path for path in (ROOT / "web").rglob("*.py") if "devidp" not in path.parts]


def test_xml_is_read_in_one_place_behind_the_screening():
    reads = re.compile(
        r"\b(?:fromstring|fromstringlist|XML|HTML|iterparse|XMLPullParser|ParserCreate)\(|etree\.parse\("
    )
    found = {path.name for path in sources() if reads.search(path.read_text())}
    assert found == {"parsing.py", "screening.py"}


def test_whoever_reads_xml_does_it_in_a_thread_of_its_own():
    """Each public function that leads to the reader is wrapped; those below it are called by these only."""
    for function in (
        response_guard.verify_response,
        logout_guard.verify_logout_request,
        logout_guard.verify_logout_response,
        read_idp_metadata,
    ):
        assert function.__wrapped__.__name__ == function.__name__
    found = {path.name for path in sources() if re.search(r"\bread_xml\(|redirect_binding\.read\(", path.read_text())}
    assert found == {
        "parsing.py",
        "response_guard.py",
        "encryption.py",
        "logout_guard.py",
        "metadata.py",
        "redirect_binding.py",
    }
