"""Scans go through kills of browser, web server and store in the middle of their work: what the phone confirmed is stored once."""

import pytest

from tests.support.door_kills import KINDS, dying_door, scan_through_kills

pytestmark = pytest.mark.browser


def test_scans_go_through_kills_of_every_part_without_loss_and_once(tmp_path, chromium):
    with dying_door(tmp_path, chromium.browser_type) as (parts, door):
        result = scan_through_kills(parts, door, scans=400, kills=2 * len(KINDS), seed=12)
    assert (result.lost, result.doubled) == (0, 0)
    assert result.confirmed > 300


def test_a_browser_that_is_killed_right_after_a_scan_was_confirmed_has_it_when_it_is_opened_again(tmp_path, chromium):
    with dying_door(tmp_path, chromium.browser_type) as (parts, door):
        parts.kill("web")
        ids = parts.phone.add_many([f"B-{number}" for number in range(20)])
        parts.kill("browser")
        parts.start_web()
        parts.start_browser(door)
        parts.phone.settled()
        assert [scan_id for scan_id, _ in door.stored()] == ids
        assert parts.phone.counts()["people"] == 20
