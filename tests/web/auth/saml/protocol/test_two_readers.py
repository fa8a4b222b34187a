"""Whatever expat lets through means the same to lxml: names, namespaces, attributes and texts, of mutated honest messages."""

import base64
import random
from xml.parsers import expat

import pytest
from lxml import etree

from tests.support.saml_forge import ASSERTION, PROTOCOL
from tests.web.auth.saml.protocol.attack_scene import Scene
from tests.web.auth.saml.protocol.provider_responses import SHAPES
from web.auth.saml.protocol.values import Rejected
from web.auth.saml.protocol.xml import parsing

SCENE = Scene()
PIECES = [
    *(b"&#10;", b"&#13;", b"\r", b"\r\n", b"\t", b"&#9;", b"&amp;", b"&lt;", b"&quot;", b"&#x20;", b"&foo;", b"%foo;"),
    *(
        b"<![CDATA[x]]>",
        b"<![CDATA[]]>",
        b"<![CDATA[ ]]>",
        b"]]>",
        b"\xc2\x85",
        b"\xe2\x80\xa8",
        b"\xef\xbf\xbe",
        b"\x7f",
    ),
    *(
        b"\x01",
        b"&#1;",
        b"&#x85;",
        b"&#xFFFE;",
        b"&#x10FFFF;",
        b"&#xD800;",
        b"\0",
        b"\xef\xbb\xbf",
        b"\xc0\xbc",
        b"\xed\xa0\x80",
    ),
    *(
        b' xmlns=""',
        b' xmlns:saml=""',
        b' xml:lang="en"',
        b' xml:space="preserve"',
        b' xml:id="a"',
        b' ID="x"',
        b' ID="a" ID="b"',
    ),
    *(
        b"<saml:Advice/>",
        b"<saml:Advice>",
        b"</saml:Advice>",
        b"<!-- -->",
        b"<?x?>",
        b"<!DOCTYPE a>",
        b'<?xml version="1.1"?>',
    ),
    *(b":", b"<:Advice/>", b"<saml::Advice/>", b"<saml:Advice:x/>", b'"', b"'", b">", b"<", b"=", b"/", b" ", b"xmlns"),
    *(b'<saml:Advice Name="a&#10;b&#13;c&#9;d"/>', b'<saml:Advice Name="a\nb\r\nc\td"/>', b"\x1f\x8b", b"+ADw-"),
    *(f' xmlns:{one}="{other}"'.encode() for one in ("saml", "samlp", "x") for other in (ASSERTION, PROTOCOL)),
    *(f'<Advice xmlns="{begin}{ASSERTION}{end}"/>'.encode() for begin in ("", "&#9;", "\n") for end in ("", "&#32;")),
    f'<saml:Advice xmlns:a="{ASSERTION}" a:Name="x" Name="y"/>'.encode(),
]


def heard(raw: bytes) -> list:
    """What expat reads."""
    parser, events = expat.ParserCreate("utf-8", "\n"), []
    parser.StartElementHandler = lambda name, found: events.append(
        (split(name), {split(k): v for k, v in found.items()})
    )
    parser.EndElementHandler = lambda _: events.append("end")
    parser.CharacterDataHandler = lambda said: spoken(events, said)
    parser.Parse(raw, True)
    return events


def walked(root) -> list:
    """What lxml reads."""
    events: list = []

    def walk(node) -> None:
        events.append((bare(node.tag), {bare(name): value for name, value in node.attrib.items()}))
        spoken(events, node.text)
        for child in node:
            walk(child)
            spoken(events, child.tail)
        events.append("end")

    walk(root)
    return events


def spoken(events: list, said: str | None) -> None:
    if said and isinstance(events[-1], list):
        events[-1][0] += said
    elif said:
        events.append([said])


def split(name: str) -> tuple[str, str]:
    space, joint, local = name.partition("\n")
    return (space, local) if joint else ("", space)


def bare(name: str) -> tuple[str, str]:
    found = etree.QName(name)
    return (found.namespace or "", found.localname)


def mutated(raw: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.choice((1, 1, 2))):
        edges = [place for place, sign in enumerate(raw) if sign in b'<> ="']
        place = chance.choice(edges) + chance.choice((0, 1)) if edges else 0
        raw = raw[:place] + chance.choice(PIECES) + raw[place:]
    return raw


@pytest.mark.parametrize("name", SHAPES)
def test_expat_and_lxml_read_the_same_and_expat_reads_first(name, monkeypatch):
    chance, honest, judged = random.Random(name), base64.b64decode(SHAPES[name].build(SCENE)), []
    real = parsing.screen
    monkeypatch.setattr(parsing, "screen", lambda raw, limits: (real(raw, limits), judged.append(raw)))
    made = etree.fromstring
    monkeypatch.setattr(
        etree, "fromstring", lambda raw, *rest: made(raw, *rest) if raw in judged else pytest.fail("unread")
    )
    both = 0
    for _ in range(150):
        raw = mutated(honest, chance)
        try:
            root = parsing.read_xml(raw)
        except Rejected:
            continue
        both += 1
        assert walked(root) == heard(raw)
    assert both > 5
