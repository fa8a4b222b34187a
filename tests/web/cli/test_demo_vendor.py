"""The demo's vendors: APIs in the vendors' shapes, pages which lead back only to the service, switches that act."""

import base64
from datetime import UTC, datetime

import pytest

from records.attendance.badge_formats.badge_format import Badge, ScannedTestBadge
from records.attendance.badge_formats.proposals import propose
from web.demo.app_pages import AppData, AppSession, RunLine
from web.demo.badges.scanning import BADGES, TEST_TEXT, badge_text
from web.demo.ledger import Ledger
from web.demo.switches import Mode
from web.demo.vendor import create_vendor, main, open_services
from web.demo.vendor_keys import vendor_keys

SERVICE = "http://127.0.0.1:8000"
NOW = datetime(2026, 5, 4, 14, 10, tzinfo=UTC)
SESSION = AppSession("CE-101", "<b>Sepsis", NOW.replace(hour=13), NOW.replace(hour=14, minute=0), "Hall B", "1.0")
RUN = RunLine("raised", "(hidden)", "14:10:00", "<i>", "Mei", 7, ("ethosce GET /x: 500",), "ValueError: <script>")


@pytest.fixture
def shared(tmp_path):
    return open_services(tmp_path, service_url=SERVICE, own_url="http://127.0.0.1:8001")


@pytest.fixture
def client(shared):
    app = create_vendor(shared, AppData(lambda: [SESSION], lambda: [RUN], lambda: NOW))
    app.testing = True
    return app.test_client()


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture
def ce(shared):
    return basic(shared.keys.ethosce_user, shared.keys.ethosce_password)


@pytest.fixture
def bearer(client, shared):
    answer = client.post(
        "/cvent/ea/oauth2/token",
        data={"grant_type": "client_credentials"},
        headers=basic(shared.keys.cvent_client, shared.keys.cvent_secret),
    )
    assert answer.json["token_type"] == "Bearer"
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


AWARDED = "/ethosce/course_credit_awarded.json?uid=165&nid=CE-101"
ENROLLED = "/cvent/ea/sessions/enrollment?filter=attendee.id eq '165'"


def test_a_credit_is_not_there_until_it_is_claimed(client, ce):
    assert client.get(AWARDED, headers=ce).json == {"list": []}
    back = f"{SERVICE}/r/token"
    answer = client.post(f"/ethosce/claim/CE-101?uid=165&return_to={back}")
    assert (answer.status_code, answer.location) == (303, back)
    [record] = client.get(AWARDED, headers=ce).json["list"]
    assert (record["nid"], record["uid"], record["credits"]) == ("CE-101", "165", "1.0")
    assert "Credit claimed" in client.get("/ethosce/claim/CE-101?uid=165").text


def test_the_list_of_a_course_says_of_everybody_whether_they_have_its_credit(client, ce):
    client.post("/ethosce/claim/CE-101?uid=165")
    first = client.get("/ethosce/course_enrollment.json?nid=CE-101&limit=2&page=0", headers=ce).json["list"]
    everybody = client.get("/ethosce/course_enrollment.json?nid=CE-101&limit=x", headers=ce).json["list"]
    assert (len(first), first) == (2, everybody[:2])
    assert [row["uid"] for row in everybody if row["awarded"] == "1"] == ["165"]
    assert client.get("/ethosce/course_enrollment.json?nid=CE-101&page=9", headers=ce).json == {"list": []}
    assert client.get("/ethosce/course_enrollment.json").status_code == 401


def test_the_apis_refuse_who_does_not_know_the_keys(client, ce):
    assert client.get(AWARDED).status_code == 401
    assert client.get(AWARDED, headers=basic("restws-demo", "wrong")).status_code == 401
    assert client.get(ENROLLED, headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.post("/cvent/ea/oauth2/token", headers=ce).status_code == 401


def test_enrollments_come_in_pages_and_the_last_has_no_next(client, bearer):
    client.post("/cvent/register/WS-201?uid=165")
    client.post("/cvent/register/WS-202?uid=165")
    found, token = [], None
    while True:
        page = client.get(ENROLLED + (f"&token={token}" if token else ""), headers=bearer).json
        found += [(row["session"]["id"], row["status"]) for row in page["data"]]
        token = page["paging"].get("nextToken")
        if not token:
            break
    assert found[-2:] == [("WS-201", "Registered"), ("WS-202", "Waitlisted")]
    assert len(found) == 5


def test_a_cancelled_seat_stays_in_the_list_as_cancelled(client, bearer):
    client.post("/cvent/register/WS-201?uid=165")
    client.post("/cvent/register/WS-201?uid=165", data={"cancel": "1"})
    both = client.get(ENROLLED + " and session.id eq 'WS-201'", headers=bearer).json
    assert [row["status"] for row in both["data"]] == ["Cancelled"]


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/r/x",
        f"{SERVICE}@evil.example/r/x",
        f"{SERVICE}/admin",
        "//evil.example/r/",
        "javascript:1",
        "",
    ],
)
def test_a_return_address_which_is_not_the_services_is_not_followed(client, address):
    answer = client.post("/ethosce/claim/CE-101", query_string={"uid": "165", "return_to": address})
    assert answer.location.startswith("/ethosce/claim/CE-101")


@pytest.mark.parametrize(("mode", "status"), [("failing", 500), ("busy", 429), ("garbage", 200), ("well", 200)])
def test_a_switch_acts_on_the_api_and_not_on_the_page(client, ce, mode, status):
    assert client.post("/control/ethosce", data={"mode": mode}).status_code == 303
    answer = client.get(AWARDED, headers=ce)
    assert answer.status_code == status
    assert (answer.get_json(silent=True) == {"list": []}) == (mode == "well")
    assert client.get("/ethosce/claim/CE-101?uid=165").status_code == 200


def test_a_lagging_api_learns_of_a_claim_later(tmp_path):
    now = [100.0]
    ledger = Ledger(tmp_path / "ledger.json", clock=lambda: now[0])
    ledger.write("ethosce", "165", "CE-101", "awarded")
    assert ledger.seen("ethosce", "165", lag_s=5) == {}
    now[0] += 5
    assert list(ledger.seen("ethosce", "165", lag_s=5)) == ["CE-101"]


def test_what_was_claimed_and_switched_survives_a_restart_and_can_be_forgotten(client, shared, tmp_path):
    client.post("/ethosce/claim/CE-101?uid=165")
    client.post("/control/cvent", data={"mode": "busy", "slow_s": "999", "lag_s": "nonsense"})
    again = open_services(tmp_path, service_url=SERVICE, own_url=shared.own_url)
    assert list(again.ledger.seen("ethosce", "165")) == ["CE-101"]
    assert again.switches.of("cvent").mode is Mode.BUSY
    assert again.switches.of("cvent").slow_s == 60
    assert again.keys == vendor_keys(tmp_path)
    client.post("/control/forget")
    assert shared.ledger.seen("ethosce", "165") == {}


def test_what_comes_from_outside_is_escaped_on_every_page(client):
    for path in ("/", "/sessions/CE-101", "/ethosce/claim/<b>?uid=<i>", "/cvent/register/<b>", "/live/<b>", "/runs"):
        page = client.get(path)
        assert page.status_code == 200
        assert "<b>Sepsis" not in page.text
        assert "<script>" not in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_the_printed_badges_are_read_by_the_demo_s_format_and_the_test_badge_counts_nowhere(client):
    page = client.get("/badges").text
    assert page.count('aria-label="Code on the badge of') == len(BADGES) + 1
    codes = [badge_text(each).encode() for each in BADGES]
    reader = propose(codes[:3])[0].format
    assert [reader.read(code) for code in codes] == [
        Badge(each.badge_id, each.last_name, each.first_name) for each in BADGES
    ]
    with pytest.raises(ScannedTestBadge):
        reader.read(TEST_TEXT.encode())


def test_a_foreign_host_name_is_refused(client):
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_the_demo_vendor_refuses_in_production(tmp_path):
    production = {
        "SESSION_STATUS_ENV": "production",
        "SESSION_STATUS_SECRET_KEY": "v3Rk-T0qZx8LmW2uYb7HcNs5Jd_Ea1PfGi9oQt4",
        "SESSION_STATUS_PUBLIC_URL": "https://status.example.org",
        "DATABASE_URL": f"sqlite:///{tmp_path}/x.db",
        "REDIS_URL": "redis://127.0.0.1:1",
    }
    with pytest.raises(SystemExit, match="development only"):
        main(["8001"], production)


def test_the_keys_show_nothing_in_their_repr(shared):
    assert shared.keys.cvent_secret not in repr(shared)


def test_no_page_of_the_vendors_and_of_the_app_has_a_fault_in_its_html(client, checker):
    back = f"{SERVICE}/r/token"
    claim, register = (f"/{path}/CE-101?uid=165&return_to={back}" for path in ("ethosce/claim", "cvent/register"))
    pages = {
        "sessions": client.get("/"),
        "session": client.get("/sessions/CE-101"),
        "claim": client.get(claim),
        "register": client.get(register),
        "stream": client.get("/live/CE-101"),
        "badges": client.get("/badges"),
        "switches": client.get("/control/"),
        "switches saved": client.get("/control/?saved=yes"),
    }
    for address in (claim, register):
        client.post(address)
        pages[f"{address} done"] = client.get(address)
    pages["what the service did"] = client.get("/runs")
    assert {answer.status_code for answer in pages.values()} == {200}
    whole = {name: answer.text for name, answer in pages.items() if name != "what the service did"}
    part = pages["what the service did"].text
    whole["what the service did"] = (
        f'<!doctype html><html lang="en"><title>Runs</title><body><h1>Demo</h1>{part}</body></html>'
    )
    assert checker(whole) == []
