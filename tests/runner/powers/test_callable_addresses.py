"""Where a call may go: addresses behind names, names that change their mind, certificates, base addresses."""

import ipaddress
import itertools
import socket
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.ip_addresses import not_public
from runner.powers import FaultyConnectionError, parse_base
from runner.powers.http.callable_addresses import AddressRefused, HostResolver, system_lookup, usable_addresses
from sandbox import CallFault, CallNotMade
from tests.support.vendors import reply

PUBLIC = ["93.184.215.14", "8.8.8.8", "1.1.1.1", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "2a00:1450:4001:831::200e"]

NOT_PUBLIC = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "168.63.129.16", "169.254.0.1", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192",
    "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::1",
    "64:ff9b:1:fffe::8.8.8.8", "100::1", "2001::1", "2001:0:53aa:64c:0:0:f5ff:fffe", "2001:2::1", "2001:10::1",
    "2001:20::1", "2001:db8::1", "2002:7f00:1::1", "2002:a00:1::1", "2002:808:808::1", "3fff::1", "4000::1",
    "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::5efe:10.0.0.1", "fec0::1", "ff02::1", "ff0e::1",
    "2a00:1450::5efe:10.0.0.1", "2a00:1450::200:5efe:127.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_which_is_not_public_is_refused(address):
    with pytest.raises(AddressRefused):
        usable_addresses([address], allow_loopback=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_used(address):
    assert usable_addresses([address], allow_loopback=False) == (address,)


def test_ipv4_inside_ipv6_is_judged_by_the_ipv4_address():
    assert usable_addresses(["::ffff:8.8.8.8"], allow_loopback=False) == ("8.8.8.8",)
    assert usable_addresses(["64:ff9b::8.8.8.8"], allow_loopback=False) == ("64:ff9b::808:808",)


@pytest.mark.parametrize(
    "bad", ["10.0.0.1", "::1", "fe80::1%eth0", "2606:4700::1%1", "not an address", "", "1.2.3", "0x7f.1"]
)
@pytest.mark.parametrize("place", [0, 1])
def test_one_address_which_is_not_public_refuses_them_all(bad, place):
    addresses = ["8.8.8.8"]
    addresses.insert(place, bad)
    with pytest.raises(AddressRefused):
        usable_addresses(addresses, allow_loopback=False)
    with pytest.raises(AddressRefused):
        usable_addresses([], allow_loopback=False)


def test_loopback_is_for_development_and_only_there_unencrypted():
    assert usable_addresses(["127.0.0.1", "::1"], allow_loopback=True) == ("127.0.0.1", "::1")
    assert usable_addresses(["::ffff:127.0.0.1"], allow_loopback=True, only_loopback=True) == ("127.0.0.1",)
    with pytest.raises(AddressRefused):
        usable_addresses(["10.0.0.1"], allow_loopback=True)
    with pytest.raises(AddressRefused, match="without encryption"):
        usable_addresses(["127.0.0.1", "8.8.8.8"], allow_loopback=True, only_loopback=True)


def test_the_refusal_does_not_tell_the_address():
    with pytest.raises(AddressRefused) as caught:
        usable_addresses(["10.77.3.2"], allow_loopback=False)
    assert "10.77" not in str(caught.value)


@given(st.ip_addresses())
def test_python_never_knows_an_address_to_be_private_which_is_used(address):
    if not_public(address) is None:
        assert address.is_global or address in ipaddress.ip_network("64:ff9b::/96")
        assert not address.is_multicast


# -- base addresses -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "", "vendor.example", "ftp://vendor.example/", "http://vendor.example/", "https://", "https:///x",
        "https://user@vendor.example/", "https://user:pw@vendor.example/", "https://vendor.example:pw@evil.example/",
        "https://vendor.example\\@evil.example/", "https://vendor.example/?x=1", "https://vendor.example/#x",
        "https://vendor.example/../x", "https://vendor.example/./x", "https://vendor.example/a//b",
        "https://vendor.example/%2e%2e/", "https://vendor.example/x y", "https://vendor.example:0/",
        "https://vendor.example:65536/", "https://vendor.example:/", "https://vendor.example:4a3/",
        "https://vendor.example./", "https://.vendor.example/", "https://-x.example/", "https://v\u00e9ndor.example/",
        "https://vendor%2eexample/", "https://[fe80::1%25eth0]/", "https://[::1/", "https://::1/", "https://[v1.x]/",
        "https://vendor.example/\r\nX: y", "https://vendor.example\n", " https://vendor.example/", "//vendor.example/",
        "https://" + "x" * 300 + ".example/",
    ],
)  # fmt: skip
def test_a_base_address_that_can_be_misread_is_a_faulty_connection(url):
    with pytest.raises(FaultyConnectionError):
        parse_base(url, allow_loopback=False)


def test_a_base_address_is_taken_apart():
    base = parse_base("https://API.Vendor.example:8443/v2/", allow_loopback=False)
    assert (base.origin.host, base.origin.port, base.path) == ("api.vendor.example", 8443, "/v2")
    assert base.origin.host_header == "api.vendor.example:8443"
    assert parse_base("https://vendor.example", allow_loopback=False).origin.host_header == "vendor.example"
    assert parse_base("http://[::1]:8080", allow_loopback=True).origin.host_header == "[::1]:8080"


# -- calls --------------------------------------------------------------------------------------------------------


def fault_of(call, *args, **options):
    with pytest.raises(CallNotMade) as caught:
        call(*args, **options)
    return caught.value.fault, caught.value.text


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "127.0.0.1", "::1", "100.64.1.1"]
)
def test_in_production_a_name_with_a_private_address_is_refused_and_nothing_is_sent(
    make_client, start_vendor, names, address
):
    vendor = start_vendor(reply({}), tls="vendor.test")
    names["vendor.test"] = [address]
    client = make_client(allow_loopback=False)
    fault, text = fault_of(client, client.connect(vendor))
    assert fault is CallFault.REFUSED
    assert "not public" in text
    assert vendor.connections == 0
    assert client.record.fault == "refused"
    assert client.record.attempts == 1


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0"]
)
def test_in_production_no_spelling_of_loopback_is_reached(make_client, start_vendor, host):
    vendor = start_vendor(reply({}))
    client = make_client(allow_loopback=False, resolver=system_lookup)
    connection = client.connect(vendor, base_url=f"https://{host}:{vendor.port}")
    fault, _ = fault_of(client, connection)
    assert fault is CallFault.REFUSED
    assert vendor.connections == 0


def test_in_production_a_connection_without_encryption_is_refused(make_client, start_vendor):
    vendor = start_vendor(reply({}))
    client = make_client(allow_loopback=False)
    fault, text = fault_of(client, client.connect(vendor))
    assert fault is CallFault.REFUSED
    assert "https://" in text


def test_dns_rebinding_between_check_and_connect_is_not_possible(client, start_vendor, names):
    vendor = start_vendor(reply({"ok": True}), tls="vendor.test")
    answers = itertools.chain([["127.0.0.1"]], itertools.repeat(["10.0.0.1"]))
    names["vendor.test"] = lambda: next(answers)
    connection = client.connect(vendor)
    for _ in range(3):
        assert client(connection).status == 200
    assert next(answers) == ["10.0.0.1"]
    assert len(vendor.requests) == 3


def test_dns_rebinding_at_the_second_look_up_is_refused(client, start_vendor, names, monkeypatch):
    monkeypatch.setattr("runner.powers.http.callable_addresses.KEPT_S", 0.0)
    vendor = start_vendor(reply({"ok": True}), tls="vendor.test")
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    names["vendor.test"] = lambda: next(answers)
    connection = client.connect(vendor)
    assert client(connection).status == 200
    fault, _ = fault_of(client, connection)
    assert fault is CallFault.REFUSED
    assert len(vendor.requests) == 1


def test_the_vendor_sees_its_own_name_in_host_and_sni(client, start_vendor, names):
    vendor = start_vendor(reply({}), tls="vendor.test")
    names["vendor.test"] = ["127.0.0.1"]
    client(client.connect(vendor))
    assert vendor.requests[0].headers["host"] == f"vendor.test:{vendor.port}"
    assert vendor.requests[0].sni == "vendor.test"


def test_a_certificate_for_another_name_is_refused(client, start_vendor, names):
    vendor = start_vendor(reply({}), tls="other.test", name="vendor.test")
    names["vendor.test"] = ["127.0.0.1"]
    fault, text = fault_of(client, client.connect(vendor))
    assert fault is CallFault.CONNECTION
    assert "certificate" in text
    assert not vendor.requests


def test_a_certificate_for_the_address_is_not_one_for_the_name(client, start_vendor, names):
    vendor = start_vendor(reply({}), tls="127.0.0.1", name="vendor.test")
    names["vendor.test"] = ["127.0.0.1"]
    assert fault_of(client, client.connect(vendor))[0] is CallFault.CONNECTION


def test_a_certificate_of_an_unknown_authority_is_refused(make_client, start_vendor, names):
    vendor = start_vendor(reply({}), tls="vendor.test")
    names["vendor.test"] = ["127.0.0.1"]
    client = make_client(tls_ca_file=None)
    fault, text = fault_of(client, client.connect(vendor))
    assert (fault, "certificate" in text) == (CallFault.CONNECTION, True)
    assert not vendor.requests


def test_a_connection_kept_for_one_name_is_not_used_for_another_at_the_same_address(client, start_vendor, names):
    vendor = start_vendor(reply({}), tls="vendor.test")
    names |= {"vendor.test": ["127.0.0.1"], "other.test": ["127.0.0.1"]}
    client(client.connect(vendor))
    fault, _ = fault_of(client, client.connect(vendor, base_url=f"https://other.test:{vendor.port}"))
    assert fault is CallFault.CONNECTION
    assert len(vendor.requests) == 1


def test_no_proxy_is_taken_from_the_environment(client, start_vendor, monkeypatch):
    vendor, proxy = start_vendor(reply({})), start_vendor(reply({"proxy": True}))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    client(client.connect(vendor))
    assert (len(vendor.requests), proxy.connections) == (1, 0)


def test_another_address_is_tried_when_the_first_does_not_answer(client, start_vendor, names):
    vendor = start_vendor(reply({"ok": True}), tls="vendor.test")
    names["vendor.test"] = ["127.0.0.2", "127.0.0.1"]  # nobody listens at the first
    assert client(client.connect(vendor), method="POST", json={}).status == 200


def test_a_vendor_over_ipv6(client, start_vendor, names):
    vendor = start_vendor(reply({"ok": True}), tls="vendor.test", family=socket.AF_INET6, address="::1")
    names["vendor.test"] = ["::1"]
    assert client(client.connect(vendor)).status == 200


def test_a_name_without_an_address_is_a_failed_connection(client, start_vendor):
    vendor = start_vendor(reply({}), tls="nowhere.test")
    fault, text = fault_of(client, client.connect(vendor))
    assert fault is CallFault.CONNECTION
    assert "nowhere.test" in text


def test_a_resolver_that_hangs_costs_no_more_than_the_deadline(client, start_vendor, names):
    vendor = start_vendor(reply({}), tls="slow.test")
    over = threading.Event()
    names["slow.test"] = lambda: over.wait(5) and []
    started = time.monotonic()
    fault, _ = fault_of(client, client.connect(vendor), wall_s=0.3)
    over.set()
    assert fault is CallFault.TIMEOUT
    assert time.monotonic() - started < 1.0


def test_a_name_is_looked_up_once_for_all_that_ask_at_the_same_time():
    asked = []

    def slowly(host):
        asked.append(host)
        time.sleep(0.1)
        return ["8.8.8.8"]

    names = HostResolver(slowly)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(names.addresses("x.test", deadline=time.monotonic() + 2)))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [("8.8.8.8",)] * 20
    assert asked == ["x.test"]


def test_a_post_that_may_have_arrived_is_not_sent_to_another_address(client, start_vendor, names):
    vendor = start_vendor(lambda _: None, tls="vendor.test", address="0.0.0.0")
    names["vendor.test"] = ["127.0.0.1", "127.0.0.2"]
    assert fault_of(client, client.connect(vendor), method="POST", json=1)[0] is CallFault.CONNECTION
    assert len(vendor.requests) == 1
