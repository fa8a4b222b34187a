"""Host names: mapped as browsers map them, at one place, and never an address in disguise."""

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import fields
from records.errors import RuleViolation
from records.host_names import host_name, is_host, is_host_name
from records.tenants import implementations
from runner.powers.connections.errors import FaultyConnectionError
from runner.powers.connections.vendor_connection import parse_base
from runner.trials.trial_input import InputError, hosts
from tests.support import ROOT
from web.auth.saml.protocol.messages.metadata import BadMetadata, _checked

MAPPED = {
    "CME.Example.org": "cme.example.org",
    "cme.example.org.": "cme.example.org",
    " cme.example.org ": "cme.example.org",
    "straße.example": "xn--strae-oqa.example",
    "faß.de": "xn--fa-hia.de",
    "βόλος.example": "xn--nxasmm1c.example",
    "München.example": "xn--mnchen-3ya.example",
    "xn--mnchen-3ya.example": "xn--mnchen-3ya.example",
    "XN--MNCHEN-3YA.example": "xn--mnchen-3ya.example",
    "cme\u3002example\uff0eorg\uff61": "cme.example.org",
    "\uff43\uff4d\uff45.example.org": "cme.example.org",
    "ex\u00adample.org": "example.org",
    "क्\u200dष.example": "xn--11b2ezcw70k.example",
    "שלום.example": "xn--9dbne9b.example",
    "localhost": "localhost",
    "7.example7": "7.example7",
}
REFUSED = [
    "",
    ".",
    "a..example",
    "a.example..",
    "-a.example",
    "a-.example",
    "ab--c.example",
    "a_b.example",
    "_dmarc.example",
    "*.example",
    "a b.example",
    "a\tb.example",
    "a.example:443",
    "a.example/x",
    "user@a.example",
    "cme%2eexample.org",
    "[::1]",
    "::1",
    "127.0.0.1",
    "127.1",
    "0x7f.1",
    "0x7f000001",
    "0177.0.0.1",
    "2130706433",
    "a.example.0x",
    "\uff11\uff12\uff17.\uff11",
    "\uff10x7f\uff0e1",
    "1a.שלום",
    "pay\u200dpal.example",
    "xn--a.example",
    "xn--abc-.example",
    "xn--.example",
    "\u2603.example",
    "\ud800.example",
    "a\u0300\u0300.\u0300a",
    "x" * 64 + ".example",
    "a." * 126 + "ab",
    "x" * 100_000,
    None,
    5,
    ["a.example"],
]


@pytest.mark.parametrize("given", MAPPED)
def test_a_host_name_is_mapped_as_a_browser_maps_it(given):
    assert host_name(given) == MAPPED[given]
    assert is_host_name(MAPPED[given])


@pytest.mark.parametrize("name", REFUSED, ids=lambda name: ascii(name)[:40])
def test_what_is_no_host_name_is_refused(name):
    with pytest.raises(ValueError, match="must be a host name"):
        host_name(name)


@pytest.mark.parametrize("name", ["Cme.example", "cme.example.", "straße.example", "cme\u3002example"])
def test_a_name_in_another_form_is_not_one_that_goes_over_the_wire(name):
    assert not is_host_name(name)


@pytest.mark.parametrize(
    ("text", "good"), [("192.0.2.7", True), ("2001:db8::1", True), ("fe80::1%eth0", False), ("127.1", False)]
)
def test_an_address_is_a_host_only_in_its_plain_form(text, good):
    assert is_host(text) is good


@given(st.text(max_size=30) | st.text(st.sampled_from("aß.0x7\u3002\uff0e-_\u200dשא"), max_size=12))
def test_a_mapped_name_is_plain_and_maps_to_itself(text):
    try:
        name = host_name(text)
    except ValueError:
        return
    assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", name)
    assert host_name(name) == name
    assert not re.search(r"(^|\.)([0-9]+|0x[0-9a-f]*)$", name)


def test_a_listed_host_allows_no_other_peoples(db):
    made = implementations.create(db, "sharp", "S", "UTC", link_hosts=["straße.example"])
    assert made.link_hosts == ["xn--strae-oqa.example"]
    with pytest.raises(RuleViolation, match="link_hosts"):
        implementations.update(db, made, fallback_text="x", fallback_link="https://strasse.example/")
    assert hosts(["straße.example", "STRASSE.example"]) == ("xn--strae-oqa.example", "strasse.example")


@pytest.mark.parametrize("host", ["0x7f000001", "a_b.example", "xn--a.example", "ab--c.example", "a.example.", "127.1"])
def test_every_way_in_for_an_address_refuses_a_host_that_is_read_in_two_ways(host):
    with pytest.raises(ValueError, match="host"):
        fields.url(f"https://{host}/x")
    with pytest.raises(FaultyConnectionError):
        parse_base(f"https://{host}/x", allow_loopback=True)
    with pytest.raises(BadMetadata):
        _checked(f"https://{host}/x")
    with pytest.raises(InputError):
        hosts(["0x7f000001", host])


def test_an_address_with_other_letters_is_refused_with_the_form_to_write():
    with pytest.raises(ValueError, match=r"its host is written xn--strae-oqa\.example"):
        fields.url("https://straße.example/api")


def test_no_other_file_maps_host_names():
    """The `idna` package has its home in tests/test_architecture.py; this is Python's own codec of IDNA 2003."""
    found = []
    for path in [
        *ROOT.glob("*.py"),
        *(each for room in ("records", "runner", "web") for each in (ROOT / room).rglob("*.py")),
    ]:
        for node in ast.walk(ast.parse(path.read_text())):
            words = [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []
            words += [name.name for name in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            found += [
                f"{path.relative_to(ROOT)}:{node.lineno}"
                for word in words
                if word.lower() in ("idna", "punycode", "encodings.idna", "encodings.punycode")
                and path != ROOT / "records/host_names.py"
            ]
    assert found == []
