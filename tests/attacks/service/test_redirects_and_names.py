# ruff: noqa: RUF001 - characters which look like others are the attack
"""Redirects of every kind and DNS answers of every shape: no call leaves its connection, none reaches a private address."""

import socket
import threading
import time

import pytest

from runner.powers import Bearer
from tests.attacks.service.vendor_stage import call, connection, make_vendors, ok

SECRET = "S3cret-Token/With+Odd=Chars&More"


def redirect(location, status=302):
    raw = location if isinstance(location, bytes) else location.encode("latin-1", "replace")
    return b"HTTP/1.1 %d Found\r\nContent-Length: 0\r\nLocation: " % status + raw + b"\r\n\r\n"


#: {port} is the vendor's own, {other} that of a trap.
AWAY = [
    "http://127.0.0.1:{other}/x",
    "http://localhost:{port}/x",
    "https://127.0.0.1:{port}/x",
    "http://127.0.0.1/x",
    "http://127.1:{port}/x",
    "http://2130706433:{port}/x",
    "http://0x7f000001:{port}/x",
    "http://0177.0.0.1:{port}/x",
    "http://0:{port}/x",
    "http://[::1]:{port}/x",
    "http://[::ffff:127.0.0.1]:{port}/x",
    "http://[::ffff:7f00:1]:{port}/x",
    "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1:{port}/x",
    "//127.0.0.1:{other}/x",
    "//evil.example/x",
    "///evil.example/x",
    "/\\evil.example/x",
    "\\\\127.0.0.1:{other}\\x",
    "http:\\\\127.0.0.1:{other}\\x",
    "http://127.0.0.1:{port}@127.0.0.1:{other}/x",
    "http://user:pass@127.0.0.1:{port}/x",
    "http://127.0.0.1:{port}\\@127.0.0.1:{other}/x",
    "http://127.0.0.1:{other}#@127.0.0.1:{port}/x",
    "http://127.0.0.1:{other}?@127.0.0.1:{port}/x",
    "http://127.0.0.1:{other}\t/x",
    "\thttp://127.0.0.1:{other}/x",
    " http://127.0.0.1:{other}/x",
    "ht\ttp://127.0.0.1:{other}/x",
    "http://127.0.0.1:{port}0/x",
    "http://127.0.0.1:99999/x",
    "http://127.0.0.1:x/",
    "http://[::1/x",
    "http://[v1.x]/x",
    "http://127.0.0.1%00.evil.example:{port}/x",
    "http://127.0.0.1\x00:{port}/x",
    "http://127.0.0.1.:{port}/x",
    "http://１２７.0.0.1:{port}/x",
    "http:/127.0.0.1:{other}/x",
    "http:127.0.0.1:{other}/x",
    "HTTP://127.0.0.1:{other}/x",
    "ftp://127.0.0.1:{port}/x",
    "file:///etc/passwd",
    "gopher://127.0.0.1:{other}/_x",
    "javascript:alert(1)",
    "data:text/plain,x",
    "unix:///run/store.sock",
    "/../admin",
    "../../admin",
    "/base/../admin",
    "/base/%2e%2e/admin",
    "/base/%252e%252e/admin",
    "/base/..;/admin",
    "/base/x%2f..%2f..%2fadmin",
    "/base/allowed/../admin",
    "/base/other",
    "/base",
    "/allowed/x",
    "/base/allowed%2f..%2fadmin",
    "/base/allowed/\x00",
    "/base/allowed/%00",
    "/base/allowed/%0d%0aX: y",
    "/base//allowed/x",
    "/base/allowed/" + "x" * 5000,
    "?" + "a=b&" * 3000,
    "https://" + "a" * 50_000 + "/",
]  # fmt: skip


@pytest.mark.parametrize("location", AWAY, ids=lambda text: text[:40].encode("unicode_escape").decode())
def test_no_redirect_leads_away(vendors, vendor, location):
    trap = vendor(ok(b"TRAPPED"))
    server = vendor(lambda line, head, body: line.send(answer))
    where = location.replace("{port}", str(server.port)).replace("{other}", str(trap.port))
    answer = redirect(where, 308 if len(where) % 2 else 302)
    conn = connection(
        server.base + "/base", auth=Bearer(SECRET), follow_redirects=True, path_prefixes=("/allowed",), timeout_s=1.0
    )
    found = call(vendors, conn, "/allowed/x")
    assert not found.answer
    assert found.fault in {"refused", "connection"}
    assert found.seconds < 1.5
    assert trap.connections == 0
    assert len(found.text) < 1000
    assert found.text.isprintable(), found.text
    assert all(head.startswith(b"GET /base/allowed/") for head in server.heads)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_loop_of_redirects_ends(vendors, vendor, status):
    server = vendor(redirect("/x", status))
    found = call(vendors, connection(server.base, follow_redirects=True))
    assert found.fault == "refused"
    assert len(server.heads) <= 4


def test_redirects_are_not_followed_where_nobody_allowed_it(vendors, vendor):
    trap = vendor(ok(b"TRAPPED"))
    server = vendor(redirect(trap.base + "/x"))
    assert call(vendors, connection(server.base)).answer.status == 302
    assert trap.connections == 0


NOT_PUBLIC = [
    ["127.0.0.1"], ["127.8.8.8"], ["10.1.2.3"], ["172.31.0.1"], ["192.168.1.1"], ["169.254.169.254"], ["0.0.0.0"],
    ["255.255.255.255"], ["224.0.0.1"], ["239.1.1.1"], ["100.64.0.1"], ["192.0.0.1"], ["198.18.0.1"], ["240.0.0.1"],
    ["::"], ["::1"], ["::ffff:10.0.0.1"], ["::ffff:7f00:1"], ["::127.0.0.1"], ["::ffff:0:127.0.0.1"],
    ["2002:7f00:1::"], ["2002:0a00:1::1"], ["64:ff9b::10.0.0.1"], ["64:ff9b::a9fe:a9fe"], ["64:ff9b:1::10.0.0.1"],
    ["2001:0:53aa:64c:0:0:80ff:fffe"], ["fe80::1"], ["fe80::1%lo"], ["fe80::1%25lo"], ["2606:4700::1%lo"],
    ["fc00::1"], ["fd00:ec2::254"], ["ff02::1"], ["fec0::1"], ["2001:db8::1"], ["100::1"], ["2620:0:1::5efe:10.0.0.1"],
    ["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"], ["93.184.216.34", "2606:4700::1", "fe80::1"],
    ["93.184.216.34"] * 15 + ["10.0.0.1"],
    ["evil.example"], [""], ["127.0.0.1 "], ["0x7f.1"], ["2130706433"], ["127.1"], ["01.02.03.04"], ["1.2.3.4\n"],
    ["١.2.3.4"], ["[::1]"], ["1.2.3.4%lo"], [], [f"10.0.0.{last}" for last in range(250)],
]  # fmt: skip


@pytest.mark.parametrize("found", NOT_PUBLIC, ids=lambda found: ",".join(found)[:40])
def test_no_name_leads_to_an_address_that_is_not_public(store_client, monkeypatch, found):
    tried, real = [], socket.socket

    def connect(family, *args, **more):
        if family == socket.AF_UNIX:  # the store's
            return real(family, *args, **more)
        tried.append((family, *args))
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "socket", connect)
    vendors = make_vendors(store_client, allow_loopback=False, resolver=lambda host: found)
    ended = call(vendors, connection("https://vendor.example"))
    monkeypatch.undo()
    assert ended.fault in {"refused", "connection"}
    assert not tried
    assert "10.0.0" not in ended.text


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0",
        "localhost",
        "localhost.localdomain",
        "①②⑦.0.0.1",
        "127.0.0.1.nip.io@evil",
    ],
)
def test_no_spelling_of_a_host_leads_to_this_machine(store_client, vendor, host):
    trap = vendor(ok(b"TRAPPED"))
    vendors = make_vendors(store_client, allow_loopback=False)
    ended = call(vendors, connection(f"https://{host}:{trap.port}"))
    assert ended.fault in {"refused", "connection"}
    assert trap.connections == 0


def test_a_name_that_changes_its_mind_is_checked_again(store_client, monkeypatch):
    answers = iter([["10.0.0.1"], ["127.0.0.1"]])
    monkeypatch.setattr("runner.powers.http.callable_addresses.KEPT_S", 0.0)
    vendors = make_vendors(store_client, allow_loopback=False, resolver=lambda host: next(answers))
    conn = connection("https://vendor.example")
    assert call(vendors, conn).fault == "refused"
    assert call(vendors, conn).fault == "refused"


@pytest.mark.parametrize("error", [OSError("x"), UnicodeError("x"), TimeoutError("x")])
def test_a_resolver_that_fails_is_a_fault_of_the_connection(store_client, error):
    def lookup(host):
        raise error

    vendors = make_vendors(store_client, allow_loopback=False, resolver=lookup)
    assert call(vendors, connection("https://vendor.example")).fault == "connection"


def test_a_slow_resolver_ends_with_the_deadline(store_client):
    vendors = make_vendors(store_client, allow_loopback=False, resolver=lambda host: time.sleep(1.2) or ["1.1.1.1"])
    ended = call(vendors, connection("https://vendor.example", timeout_s=0.3))
    assert (ended.fault, ended.seconds < 0.6) == ("timeout", True)


def test_slow_names_of_one_implementation_do_not_take_the_resolver_from_another(store_client, vendor):
    honest = vendor(ok())

    def lookup(host):
        if host.startswith("slow"):
            time.sleep(1.5)
        return ["127.0.0.1"]

    vendors = make_vendors(store_client, resolver=lookup)
    threads = [
        threading.Thread(target=call, args=(vendors, connection(f"http://slow{n}.example", timeout_s=1.0)))
        for n in range(40)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.2)
    found = call(vendors, connection(f"http://quick.example:{honest.port}"))
    for thread in threads:
        thread.join()
    vendors.close()
    assert found.answer
