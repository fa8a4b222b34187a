"""Metadata: ours is complete and valid; a provider's is read with care, and what cannot be used is said plainly."""

from pathlib import Path

import onelogin.saml2
import pytest
from lxml import etree

from tests.support.saml_forge import DSIG, ForgedIdp, bare, changing_keys, service, sign_element
from tests.web.auth.saml.protocol.attacks_signatures import BOMB, USUAL, transforms
from web.auth.saml.protocol.messages.metadata import BadMetadata, read_idp_metadata, sp_metadata

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
IDP = ForgedIdp()
OTHER = ForgedIdp("https://second.example/metadata", name="thief")
SCHEMAS = Path(onelogin.saml2.__file__).parent / "schemas"


def next_sp():
    return changing_keys(service())


@pytest.mark.parametrize("sp", [service(), next_sp()], ids=["usual", "rolling"])
def test_ours_is_valid_by_the_schema(sp):
    schema = etree.XMLSchema(etree.parse(SCHEMAS / "saml-schema-metadata-2.0.xsd"))
    schema.assertValid(etree.fromstring(sp_metadata(sp)))


def keys_in(sp):
    return [
        (key.get("use"), key.findtext(f".//{{{DSIG}}}X509Certificate"))
        for key in etree.fromstring(sp_metadata(sp))[0].findall(MD + "KeyDescriptor")
    ]


def test_ours_names_addresses_and_a_key_for_each_use():
    sp = service()
    root = etree.fromstring(sp_metadata(sp))
    role = root[0]
    assert root.get("entityID") == sp.entity_id
    assert (role.get("AuthnRequestsSigned"), role.get("WantAssertionsSigned")) == ("true", "true")
    assert role.find(MD + "AssertionConsumerService").get("Location") == sp.acs_url
    assert role.find(MD + "SingleLogoutService").get("Location") == sp.slo_url
    assert keys_in(sp) == [("signing", bare(sp.cert_pem)), ("encryption", bare(sp.encryption_cert_pem))]
    assert sp.cert_pem != sp.encryption_cert_pem


def test_while_our_keys_change_both_may_sign_and_encryption_is_for_the_one_that_stays():
    sp = next_sp()
    signing, encryption = (sp.cert_pem, sp.next_cert_pem), sp.next_encryption_cert_pem
    assert keys_in(sp) == [*(("signing", bare(one)) for one in signing), ("encryption", bare(encryption))]


@pytest.mark.parametrize("sp", [service(), next_sp()], ids=["usual", "rolling"])
def test_ours_holds_no_private_key(sp):
    document = sp_metadata(sp).decode()
    assert not any(bare(key)[:200] in document for key in (sp.key_pem, sp.decryption_key_pem))


def test_a_providers_is_read():
    found = read_idp_metadata(IDP.metadata(valid_until="2099-01-01T00:00:00Z"))
    assert (found.entity_id, found.sso_url, found.slo_url) == (IDP.entity_id, IDP.sso_url, IDP.slo_url)
    assert found.valid_until.year == 2099
    assert [bare(pem) for pem in found.certificates] == [bare(IDP.certificate)]


def test_what_is_optional_may_be_missing():
    found = read_idp_metadata(IDP.metadata(slo=False, use=None))
    assert (found.slo_url, found.valid_until) == ("", None)
    assert found.certificates


def test_two_certificates_are_read_and_encryption_is_not_for_signatures():
    two = IDP.metadata(certificates=[IDP.certificate, OTHER.certificate, IDP.certificate])
    assert [bare(pem) for pem in read_idp_metadata(two).certificates] == [
        bare(IDP.certificate),
        bare(OTHER.certificate),
    ]
    with pytest.raises(BadMetadata, match="no certificate for signing"):
        read_idp_metadata(IDP.metadata(use="encryption"))


def test_what_people_write_into_theirs_does_no_harm():
    text = IDP.metadata().decode().replace(" entityID", ' xmlns:i="http://www.w3.org/2001/XMLSchema-instance" '
        'i:schemaLocation="urn:oasis:names:tc:SAML:2.0:metadata x.xsd" entityID')  # fmt: skip
    body = bare(IDP.certificate)
    wrapped = "\n".join(body[i : i + 64] for i in range(0, len(body), 64))
    text = text.replace(body, f"\n{wrapped[:70]}<!-- half -->{wrapped[70:]}\n")
    raw = b"\xef\xbb\xbf" + ('<?xml version="1.0" encoding="UTF-8"?><!-- ours --><?x y?>' + text).encode()
    assert bare(read_idp_metadata(raw).certificates[0]) == body


def several(*idps, attributes=""):
    inside = b"".join(idp.metadata() for idp in idps)
    return b'<md:EntitiesDescriptor xmlns:md="%s"%s>%s</md:EntitiesDescriptor>' % (
        MD[1:-1].encode(),
        attributes.encode(),
        inside,
    )


def test_one_of_several_is_chosen_by_its_entity_id():
    assert read_idp_metadata(several(IDP)).entity_id == IDP.entity_id
    assert read_idp_metadata(several(IDP, OTHER), OTHER.entity_id).sso_url == OTHER.sso_url


def changed(old, new):
    raw = IDP.metadata()
    assert old.encode() in raw
    return raw.replace(old.encode(), new.encode())


BAD = {
    "several": (several(IDP, OTHER), f"several identity providers.*{IDP.entity_id}, {OTHER.entity_id}"),
    "same-twice": (several(IDP, IDP), "several"),
    "none": (several(), "no SAML 2.0 identity provider"),
    "of-a-service": (sp_metadata(service()), "Is it the metadata of a service"),
    "post-only": (IDP.metadata(sso_binding="HTTP-POST"), "HTTP-POST only. Enable HTTP-Redirect"),
    "soap-only": (IDP.metadata(sso_binding="SOAP"), "no login by HTTP-Redirect"),
    "expired": (IDP.metadata(valid_until="2020-01-01T00:00:00Z"), "expired "),
    "expired-around": (several(IDP, attributes=' validUntil="2020-01-01T00:00:00Z"'), " days ago. Fetch it again."),
    "bad-time": (IDP.metadata(valid_until="soon"), "A time is missing"),
    "old-protocol": (changed("2.0:protocol", "1.1:protocol"), "no SAML 2.0 identity provider"),
    "plain-http": (changed('Location="https://idp.example/sso', 'Location="http://idp.example/sso'), "https://"),
    "script": (changed('Location="https://idp.example/sso', 'Location="javascript://idp.example/sso'), "https://"),
    "no-host": (changed('Location="https://idp.example/sso', 'Location="https:///sso'), "cannot be used"),
    "user-name": (changed("https://idp.example/sso", "https://you@idp.example/sso"), "user name"),
    "line-break": (changed("https://idp.example/sso", "https://idp.example/&#10;sso"), "cannot be used"),
    "brackets": (changed("https://idp.example/sso", "https://[idp.example/sso"), "cannot be used"),
    "bad-certificate": (changed(bare(IDP.certificate)[:40], "A" * 40), "certificate in this metadata cannot be read"),
    "no-certificate": (changed("X509Certificate", "X509Other"), "no certificate"),
    "certificate-not-base64": (changed(bare(IDP.certificate)[:4], "@@@@"), "base64"),
    "empty-entity-id": (changed(f'entityID="{IDP.entity_id}"', 'entityID=""'), "no usable entity ID"),
    "doctype": (b"<!DOCTYPE r>" + IDP.metadata(), "document type"),
    "laughs": (b'<!DOCTYPE r [<!ENTITY a "a">]>' + IDP.metadata(), "document type"),
    "utf-16": (IDP.metadata().decode().encode("utf-16"), "UTF-8"),
    "huge": (IDP.metadata() + b" " * 3_000_000, "larger"),
    "many-elements": (changed("<md:IDPSSODescriptor", "<md:a/>" * 90_000 + "<md:IDPSSODescriptor"), "more elements"),
    "empty": (b"", "not well-formed"),
    "html": (b"<html><body>404<br></body></html>", "not well-formed"),
    "other-xml": (b'<rss xmlns="urn:rss"/>', "not SAML metadata"),
    "response": (b'<Response xmlns="urn:oasis:names:tc:SAML:2.0:protocol"/>', "not SAML metadata"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_used_is_said_plainly(name):
    raw, words = BAD[name]
    with pytest.raises(BadMetadata, match=words):
        read_idp_metadata(raw)


def test_who_is_not_in_it_is_said():
    with pytest.raises(BadMetadata, match=r"is not in this metadata\. There are: https://idp"):
        read_idp_metadata(several(IDP, OTHER), "https://nobody.example")
    with pytest.raises(BadMetadata, match="more than once"):
        read_idp_metadata(several(IDP, IDP), IDP.entity_id)


def test_a_development_provider_on_this_machine_may_speak_http():
    raw = IDP.metadata().replace(b"https://idp.example", b"http://localhost:8600")
    assert read_idp_metadata(raw).sso_url == "http://localhost:8600/sso"


# --- signed by a federation

FEDERATION = ForgedIdp("https://federation.example", name="federation")


def signed(raw=None, **how):
    root = etree.fromstring(raw or several(IDP, OTHER, attributes=' ID="_fed"'))
    sign_element(root, how.pop("key", FEDERATION.key), FEDERATION.certificate, first=True, **how)
    return root


def read_signed(root):
    return read_idp_metadata(etree.tostring(root), OTHER.entity_id, signed_by=(FEDERATION.certificate,))


def test_signed_metadata_is_believed():
    assert read_signed(signed()).entity_id == OTHER.entity_id


def test_a_federation_that_rolls_its_key_over_is_believed():
    found = read_idp_metadata(
        etree.tostring(signed()), IDP.entity_id, signed_by=(OTHER.certificate, FEDERATION.certificate)
    )
    assert found.entity_id == IDP.entity_id


def _moved(root):
    root.find(MD + "EntityDescriptor").append(root[0])


def _inner_only():
    root = etree.fromstring(several(IDP, OTHER))
    entity = root[1]
    entity.set("ID", "_e")
    sign_element(entity, FEDERATION.key, FEDERATION.certificate, first=True)
    return root


def _edited(edit, **how):
    root = signed(**how)
    edit(root)
    return root


SIGNED_BAD = {
    "unsigned": lambda: etree.fromstring(several(IDP, OTHER)),
    "other-key": lambda: signed(key=OTHER.key),
    "changed": lambda: _edited(lambda root: root[2][0][-1].set("Location", "https://evil.example/sso")),
    "added": lambda: _edited(lambda root: root.append(etree.fromstring(OTHER.metadata()))),
    "moved": lambda: _edited(_moved),
    "only-a-part": _inner_only,
    "bomb": lambda: signed(signed_info=transforms(USUAL + BOMB)),
    "sha1": lambda: signed(method=DSIG + "rsa-sha1"),
    "other-reference": lambda: signed(uri=""),
}


@pytest.mark.parametrize("name", SIGNED_BAD)
def test_metadata_with_a_bad_signature_is_refused(name):
    with pytest.raises(BadMetadata):
        read_signed(SIGNED_BAD[name]())
