"""Attacks on what two readers of one message disagree about: our rules and libxmlsec, our trimming and the provider's.

libxmlsec finds `Algorithm` by its local name, so that `x:Algorithm` before it counts for it and not for us; and it looks
each prefix of a list up for each element, before it knows whose signature that is.
"""

from lxml import etree

from tests.support.saml_forge import ASSERTION, DSIG, EXCLUSIVE, XENC, XENC11
from tests.web.auth.saml.protocol.attack_scene import Attack, Scene, add, attack, recipes

A, D, X = f"{{{ASSERTION}}}", f"{{{DSIG}}}", f"{{{XENC}}}"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"


def hidden(element, name: str, meant: str, shown: str | None = None) -> None:
    """Put what libxmlsec is to read before what we read."""
    shown = shown or element.get(name)
    del element.attrib[name]
    element.set(f"{{urn:other}}{name}", meant)
    element.set(name, shown)


def _in_signature(tag: str, name: str, meant: str):
    return lambda scene: scene.edited(lambda root: hidden(next(root.iter(D + tag)), name, meant))


for _tag, _name, _meant in (
    ("CanonicalizationMethod", "Algorithm", INCLUSIVE),
    ("SignatureMethod", "Algorithm", DSIG + "hmac-sha1"),
    ("DigestMethod", "Algorithm", DSIG + "sha1"),
    ("Transform", "Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116"),
    ("Reference", "URI", ""),
):
    add(Attack(f"second-{_tag.lower()}-for-the-library", "foreign-attribute", _in_signature(_tag, _name, _meant)))


def _in_cipher(holder: str, shown: str):
    def edit(root):
        method = next(m for m in root.iter(X + "EncryptionMethod") if m.getparent().tag == X + holder)
        hidden(method, "Algorithm", method.get("Algorithm"), shown)

    return edit


@attack("cbc-hidden-behind-gcm", "foreign-attribute", encrypts=True)
def cbc_hidden(scene: Scene) -> str:
    """The library decrypts it: what refuses must not be what stands behind the decryption."""
    return scene.response(encrypt="aes256-cbc", sealed=_in_cipher("EncryptedData", XENC11 + "aes256-gcm"))


@attack("rsa-1-5-hidden-behind-oaep", "foreign-attribute", encrypts=True)
def rsa_hidden(scene: Scene) -> str:
    sealed = _in_cipher("EncryptedKey", XENC + "rsa-oaep-mgf1p")
    return scene.response(encrypt="aes256-gcm", transport="rsa-1_5", sealed=sealed)


def prefixes(name: str, *, nodes: int = 1500, count: int = 20_000, spaces: int = 190):
    """A list of undeclared prefixes, many elements, and many declarations to search for each."""

    def listed(root):
        last = root.find(f".//{D}Transforms")[1]
        etree.SubElement(last, f"{{{EXCLUSIVE}}}InclusiveNamespaces").set(name, " ".join(["z"] * count))
        holder = root.find(f".//{A}Attribute")
        for _ in range(nodes):
            etree.SubElement(holder, A + "AttributeValue")

    declared = b" ".join(b'xmlns:a%d="http://www.w3.org/2001/XMLSchema"' % number for number in range(spaces))

    def declares(raw: bytes) -> bytes:
        return raw.replace(b"<samlp:Response ", b"<samlp:Response " + declared + b" ", 1)

    return lambda scene: scene.response(between=listed, text=declares)


add(Attack("prefix-list-bomb", "transforms", prefixes("PrefixList", spaces=16)))
add(Attack("prefix-list-of-many", "transforms", prefixes("PrefixList", count=17, nodes=10, spaces=16)))
add(Attack("prefix-list-bomb-with-many-namespaces", "too-many-namespaces", prefixes("PrefixList")))
add(Attack("prefix-list-bomb-in-a-namespace", "foreign-attribute", prefixes("{urn:other}PrefixList", spaces=16)))
for _tag in ("SignatureMethod", "Reference", "X509Certificate"):
    add(
        Attack(
            f"known-name-before-{_tag.lower()}",
            "foreign-attribute",
            lambda scene, tag=_tag: scene.edited(
                lambda root: next(root.iter(D + tag)).set("{http://www.w3.org/XML/1998/namespace}lang", "en")
            ),
        )
    )

# names that become another person's only by trimming
recipes(
    "nameid",
    nameid_after_a_blank=lambda s: {"nameid": " ada@example.org"},
    nameid_before_a_blank=lambda s: {"nameid": "ada@example.org "},
    nameid_after_a_hard_blank=lambda s: {"nameid": "\u00a0ada@example.org"},
    nameid_before_a_wide_blank=lambda s: {"nameid": "ada@example.org\u3000"},
    nameid_before_a_line_separator=lambda s: {"nameid": "ada@example.org\u2028"},
    nameid_between_lines=lambda s: {"nameid": "\n  ada@example.org\n"},
)
