"""The address of a person: what their provider says, and only if it is one plain address."""

import pytest

from records.people.mail_address import address_of, is_address
from records.people.users import User


def person(username="", **attributes):
    return User(username=username, attributes=attributes)


@pytest.mark.parametrize(
    ("user", "address"),
    [
        (person(mail="ann@example.org"), "ann@example.org"),
        (person("olga", email="Ann.Lee+x@Example.ORG"), "Ann.Lee+x@Example.ORG"),
        (person("ann@example.org"), "ann@example.org"),
        (person("other@example.org", mail="ann@example.org"), "ann@example.org"),
        (person(mail=["ann@example.org", "b@example.org"]), "ann@example.org"),
        (person(**{"urn:oid:0.9.2342.19200300.100.1.3": "ann@example.org"}), "ann@example.org"),
        (person("ann@example.org", mail="nonsense"), "ann@example.org"),
        (person("ann"), ""),
        (person("ann", mail=""), ""),
        (person("ann", mail=[]), ""),
        (person("ann", mail={"x": 1}), ""),
        (person("ann", mail=[7]), ""),
    ],
)
def test_the_address_is_what_the_provider_says(user, address):
    assert address_of(user) == address


@pytest.mark.parametrize(
    "attack",
    [
        "ann@example.org\r\nBcc: all@example.org",
        "ann@example.org\n",
        " ann@example.org",
        "ann@example.org,all@example.org",
        "ann@example.org;all@example.org",
        "<ann@example.org>",
        "Ann <ann@example.org>",
        '"ann lee"@example.org',
        "ann(all@example.org)@example.org",
        "ann@[127.0.0.1]",
        "ann@127.0.0.1",
        "ann@localhost",
        "ann@@example.org",
        "ann@exa mple.org",
        "ann..lee@example.org",
        ".ann@example.org",
        "änn@example.org",
        "ann@ex\u00e4mple.org",
        "ann\u202e@example.org",
        "ann\0@example.org",
        f"{'a' * 65}@example.org",
        f"ann@{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 63}.org",
        "@example.org",
        "ann@",
        "",
    ],
)
def test_what_could_be_two_addresses_or_a_header_is_none(attack):
    assert not is_address(attack)
    assert address_of(person(mail=attack)) == ""
