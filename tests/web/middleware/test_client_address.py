"""Whose address is counted, whatever a client writes into the header in which our proxies note it."""

import pytest

from web.middleware.client_address import ClientAddress

PEER = "10.0.0.1"


def address(sent, proxies=1):
    seen = {}

    def application(environ, start_response):
        seen.update(environ)
        return []

    environ = {"REMOTE_ADDR": PEER} | ({} if sent is None else {"HTTP_X_FORWARDED_FOR": sent})
    ClientAddress(application, proxies)(environ, None)
    return seen["REMOTE_ADDR"]


@pytest.mark.parametrize(
    "made_up",
    ["", '"', '"a', 'x"y', '"\\', "192.0.2.1", "'", "a;b", "unknown", ",", '"192.0.2.1, 192.0.2.2"', "\t", "x" * 4000],
)
def test_nothing_that_a_client_makes_up_hides_the_address_that_the_proxy_wrote(made_up):
    assert address(f"{made_up}, 203.0.113.5") == "203.0.113.5"
    assert address(f"{made_up},203.0.113.5 , 10.0.0.2", proxies=2) == "203.0.113.5"


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        ("203.0.113.5:4711", "203.0.113.5"),
        ("2001:db8::7", "2001:db8::7"),
        ("[2001:DB8::7]:443", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("203.0.113.5,", PEER),
        ("203.0.113.5:x", PEER),
        ("unknown", PEER),
        ("203.0.113.5\n", "203.0.113.5"),
        ("[203.0.113", PEER),
        ("", PEER),
        (None, PEER),
    ],
)
def test_an_address_comes_without_its_port_and_what_is_none_leaves_the_proxys(sent, found):
    assert address(sent) == found


def test_fewer_addresses_than_proxies_are_not_believed():
    assert address("192.0.2.1", proxies=2) == PEER
