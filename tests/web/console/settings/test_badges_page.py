"""The badge format in the console, as an organizer sets it up: forms as they are rendered, and what cannot be done."""

import hashlib
import io
import json
import re
from html import unescape

import pytest

from records import Database
from records.attendance import badge_setup
from records.attendance.badge_formats.badge_format import Badge
from records.tenants import implementations
from runner.background.job_child import run_order
from runner.queues.background_jobs import BackgroundQueue
from runner.queues.job_orders import BADGE_IMAGE, JobOrder, OrderSigner
from runner.settings.operator_settings import Settings
from tests.runner.attendance.test_image_codes import encoded, picture
from tests.support.application import KEY
from tests.web.console.settings.staff_people import entries, faults, typed
from web.console.settings.badges import job_views

PAGE = "/settings/badges"
THREE = "10482|Chen|Alice\n20771|O'Brien|Seán\n30993|van der Berg|María"


def form_at(text, action):
    """The fields of the form of a page whose address ends so, and its address below the implementation."""
    found = re.search(rf'<form[^>]*action="(/[^"]*?{action})".*?</form>', text, re.DOTALL)
    return found[1].partition("/implementations/demo")[2], typed(found[0])


def choices(text):
    return [unescape(each) for each in re.findall(r'name="chosen"[^>]*value="([^"]*)"', text)]


def press(person, action, **changes):
    """Send a form of the page as it is, but for these fields."""
    address, fields = form_at(person.get(PAGE).text, action)
    return person.post(address, fields | changes)


def active(database):
    with database.reading() as db:
        return badge_setup.active_format(db, implementations.find(db, "demo"))


def notices(person):
    return unescape(re.sub(r"<[^>]+>", "", person.get(PAGE).text))


@pytest.fixture
def proposed(organizer):
    """Three examples, and the first proposal chosen."""
    press(organizer, "badges/codes", codes=THREE)
    press(organizer, "badges/proposal", chosen=choices(organizer.get(PAGE).text)[0])
    return organizer


def test_an_organizer_sets_a_format_up_from_three_codes(proposed, database):
    text = proposed.get(PAGE).text
    assert "Is “Chen” the last name?" in unescape(text)
    assert "0 are confirmed" in text
    for _ in range(2):
        assert press(proposed, r"confirm/[0-9a-f]+").status_code == 303
    assert press(proposed, r"activate/[0-9a-f]+").status_code == 303
    assert "Scanners use the format from now on." in notices(proposed)
    assert active(database).read(b"7|Roy|Eva") == Badge("7", "Roy", "Eva")
    shown = notices(proposed)
    assert "A list separated by “|”. Badge ID from part 1, last name from part 2, first name from part 3." in shown
    assert ("No examples yet" in shown, "Chen" in shown) == (True, False)
    assert not any("Chen" in str((each.detail, each.target)) for each in entries(database))


def test_swapped_names_are_put_right(proposed, database):
    press(proposed, "badges/parts", last_name="3", first_name="2")
    with database.reading() as db:
        setup = badge_setup.setup_of(db, implementations.find(db, "demo"))
        assert (setup.draft["last_name"]["part"], setup.draft["first_name"]["part"]) == ("3", "2")
    press(proposed, "badges/parts", first_name="")
    assert "first name from the attendee list" in notices(proposed)


def test_an_outdated_page_changes_and_confirms_nothing(proposed, database):
    text = proposed.get(PAGE).text
    press(proposed, "badges/parts", last_name="3", first_name="2")
    for action in ("badges/parts", r"confirm/[0-9a-f]+", r"activate/[0-9a-f]+"):
        try:
            address, fields = form_at(text, action)
        except TypeError:  # the button is not there yet
            continue
        assert proposed.post(address, fields).status_code == 303
        assert "was changed meanwhile" in notices(proposed)
    assert active(database) is None


def test_a_format_as_json_is_checked_and_what_was_typed_stays(proposed):
    refused = press(proposed, "badges/json", json='{"kind": "pattern"}')
    assert refused.status_code == 422
    assert "badge id must say which part is the badge ID" in unescape(faults(refused)["json"])
    assert "{&#34;kind&#34;: &#34;pattern&#34;}" in refused.text
    for text in ("", "[" * 3000, "{", '{"kind": "bare", "badge_id": {"part": "1"}, "more": 1}'):
        assert press(proposed, "badges/json", json=text).status_code == 422
    pattern = {"kind": "pattern", "badge_id": {"part": "badge_id"}, "options": {"pattern": r"(?<badge_id>\d+).*"}}
    assert press(proposed, "badges/json", json=json.dumps(pattern)).status_code == 422, "digits could be in both parts"
    pattern["options"] = {"pattern": r"(?<badge_id>\d+)\|.*"}
    assert press(proposed, "badges/json", json=json.dumps(pattern)).status_code == 303


@pytest.mark.parametrize("codes", ["", " \n ", "x" * 4097, "\n".join(map(str, range(21)))])
def test_codes_that_cannot_be_kept_are_refused_at_their_field(organizer, codes):
    refused = press(organizer, "badges/codes", codes=codes)
    assert refused.status_code == 422
    assert faults(refused)["codes"]


def test_what_a_badge_contains_is_shown_as_text(organizer):
    press(organizer, "badges/codes", codes='<script>alert(1)</script>|"x"|\u202ey\n1|=1+1|a')
    text = organizer.get(PAGE).text
    assert "<script>alert" not in text
    assert "\u202e" not in text


def test_people_without_the_permission_see_no_example_and_change_nothing(organizer, author, database):
    press(organizer, "badges/codes", codes=THREE)
    assert "Chen" not in author.get(PAGE).text
    for address in (
        "codes",
        "proposal",
        "parts",
        "json",
        "image",
        "activate/x",
        "examples/1/remove",
        "examples/1/confirm/x",
    ):
        assert author.post(f"{PAGE}/{address}", {"codes": "1"}).status_code in {403, 404}
    assert [each.action for each in entries(database)] == ["badge examples.added"]


def upload(person, image):
    data = {"image": (io.BytesIO(image), "badge.png")}
    return person.post(f"{PAGE}/image", data, content_type="multipart/form-data")


def test_the_codes_of_a_photo_become_examples_and_the_photo_is_deleted(organizer, database, redis):
    answer = upload(organizer, encoded(picture()))
    assert answer.status_code == 303
    queue = BackgroundQueue(redis, OrderSigner([KEY]))
    state = queue.newest(BADGE_IMAGE, "demo", "demo/olga")
    assert answer.headers["Location"].endswith(state.id)
    assert "waiting for a worker" in organizer.http.get(answer.headers["Location"]).text
    assert "Your image is being read." in organizer.get(PAGE).text
    end = run(database, order_for(state, encoded(picture())))
    assert (end.state, end.result) == ("done", {"added": 1, "known": 0})
    assert "10482|Chen|Alice" in organizer.get(PAGE).text
    assert run(database, order_for(state, encoded(picture()))).state == "refused", "the image is gone"


def test_a_photo_without_a_code_says_what_to_do(organizer, database, redis):
    image = encoded(picture().point(lambda _: 255))
    upload(organizer, image)
    state = BackgroundQueue(redis, OrderSigner([KEY])).newest(BADGE_IMAGE, "demo", "demo/olga")
    end = run(database, order_for(state, image))
    assert (end.state, end.said.partition(".")[0]) == ("refused", "No code was found in it")


@pytest.mark.parametrize("image", [b"", b"x" * 1001], ids=["none", "too large"])
def test_no_image_is_read_that_is_missing_or_too_large(organizer, redis, image, monkeypatch):
    monkeypatch.setattr(job_views, "LARGEST_IMAGE", 1000)
    upload(organizer, image)
    assert "Choose an image of at most 10 MB." in notices(organizer)
    assert BackgroundQueue(redis, OrderSigner([KEY])).newest(BADGE_IMAGE, "demo", "demo/olga") is None


def order_for(state, image):
    arguments = {"image": hashlib.sha256(image).hexdigest()}
    return JobOrder(state.id, BADGE_IMAGE, "demo", "demo/olga", state.ordered_at, arguments)


def run(database, order):
    settings = Settings(environment="development", database_url=database.engine.url.render_as_string())
    copy = Database(settings.database_url, environment=None)
    with copy.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE environment_mark SET environment = 'development'")
    copy.dispose()
    return run_order(settings, order, lambda *_: None, lambda: False)


def test_a_badge_with_half_a_character_in_the_name_of_a_part_does_not_close_the_page(organizer):
    codes = [rf'{{"id\ud83d": "A{n}1", "\udc00": "x{n}"}}' for n in range(3)]
    assert press(organizer, "badges/codes", codes="\n".join(codes)).status_code == 303
    assert "id\N{REPLACEMENT CHARACTER}" in organizer.get(PAGE).text
    assert press(organizer, "badges/proposal", chosen=choices(organizer.get(PAGE).text)[0]).status_code == 303
    assert press(organizer, "badges/parts").status_code == 303
    assert organizer.get(PAGE).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"id_characters": []},
        {"badge_id": {"part": "1", "take": {}}},
        {"options": {"separator": "\ud800"}},
        {"options": {"separator": "|", "quotes": "\ud800"}},
        {"kind": "pattern", "options": {"pattern": "(?<badge_id>\ud800+)"}},
    ],
    ids=str,
)
def test_a_description_with_a_member_of_another_kind_is_refused_at_its_field(proposed, database, changed):
    whole = {"kind": "delimited", "badge_id": {"part": "1"}, "options": {"separator": "|"}}
    answer = press(proposed, "badges/json", json=json.dumps(whole | changed))
    assert answer.status_code in (200, 422)
    assert "must be" in faults(answer)["json"]
