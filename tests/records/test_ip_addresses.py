"""IP addresses: what is public and what is this machine, by one rule in one place."""

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.ip_addresses import is_loopback, is_not_public, is_this_machine
from runner.powers.http.callable_addresses import AddressRefused, usable_addresses
from tests.support import ROOT

SPECIAL = [
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "168.63.129.16",
    "192.88.99.1",
    "2002:808:808::1",
    "224.0.0.1",
    "::",
    "8.8.8.8",
]
addresses = st.one_of(
    st.ip_addresses().map(str), st.sampled_from(SPECIAL), st.ip_addresses(network="2000::/3").map(str)
)


@given(addresses)
def test_an_address_that_may_be_saved_is_an_address_that_may_be_called(address):
    """Otherwise a connection could be saved that no run can use, or found wrong only at the next start."""
    try:
        usable_addresses([address], allow_loopback=False)
        callable_ = True
    except AddressRefused:
        callable_ = False
    assert is_not_public(address) != callable_


@given(addresses)
def test_what_is_this_machine_is_never_public(address):
    assert not is_this_machine(address) or is_not_public(address)


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_this_machine_under_each_of_its_names(host):
    assert is_loopback(host)
    assert is_this_machine(host)


@pytest.mark.parametrize(
    "host", ["localhost.example", "xlocalhost", "127.1", "0x7f.1", "127.0.0.1.", "", "::2", "10.0.0.1"]
)
def test_what_only_looks_like_loopback_is_not_this_machine(host):
    assert not is_loopback(host)
    assert not is_this_machine(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "64:ff9b::7f00:1"])
def test_an_address_that_leads_to_this_machine_in_the_end_is_this_machine(host):
    assert is_this_machine(host)


def test_no_other_file_reads_an_address_or_judges_whether_it_is_public():
    """Texts become addresses in one place; `ipaddress` answers differ between versions of Python about what is public."""
    found = set()
    for room in ("sandbox", "records", "runner", "web"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                own = (
                    isinstance(node, ast.Attribute)
                    and isinstance(node.value, ast.Name)
                    and node.value.id == "ipaddress"
                )
                reads = own and node.attr in ("ip_address", "IPv4Address", "IPv6Address") and is_called(path, node)
                judges = isinstance(node, ast.Attribute) and node.attr in (
                    "is_global",
                    "is_private",
                    "is_reserved",
                    "ipv4_mapped",
                )
                if reads or judges:
                    found.add(path.relative_to(ROOT).as_posix())
    assert found == {"records/ip_addresses.py"}


def is_called(path, function):
    """Whether a file calls this; a type in a signature reads nothing."""
    position = (function.lineno, function.col_offset)
    calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    return any((each.lineno, each.col_offset) == position for each in calls)
