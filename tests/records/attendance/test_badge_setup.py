"""Setting up a badge format: examples, the draft, what must be confirmed, and what is deleted."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from records import RuleViolation, audit
from records.attendance import badge_setup
from records.attendance.badge_formats.badge_format import Badge
from records.attendance.badge_formats.proposals import MOST_EXAMPLES, propose
from records.attendance.badge_formats.stored_format import as_json
from records.attendance.badge_setup import BadgeExample, BadgeImage
from records.audit import AuditContext
from records.changes.attendance import badge_formats as changes
from records.columns import utc_now
from records.tenants import implementations

BY = AuditContext("demo/olga")
CODES = [(b"10482|Chen|Alice", "QR Code"), (b"20771|O'Brien|Sean", "QR Code"), (b"30993|Roy|Eva", "")]


@pytest.fixture
def owner(db, demo):
    return implementations.find(db, demo.slug)


@pytest.fixture
def draft(db, owner):
    """Three examples, and the draft that is proposed for them; returns its digest."""
    changes.add_examples(db, owner, CODES, BY)
    proposed = propose([code for code, _ in CODES])[0].format
    changes.choose_format(db, owner, as_json(proposed), BY)
    return badge_setup.digest_of(badge_setup.setup_of(db, owner).draft)


def numbers(db, owner):
    return [each.id for each in badge_setup.examples(db, owner)]


def read(db, owner):
    return badge_setup.read_examples(badge_setup.setup_of(db, owner), badge_setup.examples(db, owner))


def told(db):
    return [(each.action, each.detail) for each in audit.recent(db)[::-1] if each.action.startswith("badge")]


def test_from_examples_to_the_format_that_scanners_use(db, owner, draft):
    assert [each.badge for each in read(db, owner)] == [
        Badge("10482", "Chen", "Alice"), Badge("20771", "O'Brien", "Sean"), Badge("30993", "Roy", "Eva"),
    ]  # fmt: skip
    for number in numbers(db, owner)[:2]:
        changes.confirm_example(db, owner, number, draft, BY)
    changes.activate_format(db, owner, draft, BY)
    assert badge_setup.active_format(db, owner).read(b"7|a|b") == Badge("7", "a", "b")
    assert db.scalar(select(func.count(BadgeExample.id))) == 0, "what else is on the badges is deleted"
    assert "Chen" not in str(told(db))
    assert [action for action, _ in told(db)] == [
        "badge examples.added", "badge format.drafted", *["badge examples.confirmed"] * 2, "badge format.activated",
    ]  # fmt: skip


def test_a_format_is_not_active_before_two_examples_are_confirmed_and_all_are_read(db, owner, draft):
    with pytest.raises(RuleViolation, match=r"Confirm .* on 2 examples: 0 are confirmed"):
        changes.activate_format(db, owner, draft, BY)
    for number in numbers(db, owner)[:2]:
        changes.confirm_example(db, owner, number, draft, BY)
    changes.add_examples(db, owner, [(b"Ann Doe", "")], BY)
    with pytest.raises(RuleViolation, match="Every example must be read"):
        changes.activate_format(db, owner, draft, BY)
    with pytest.raises(RuleViolation, match="is not read: its parts are not separated as on the badges"):
        changes.confirm_example(db, owner, numbers(db, owner)[-1], draft, BY)
    changes.remove_example(db, owner, numbers(db, owner)[-1], BY)
    changes.remove_example(db, owner, numbers(db, owner)[-1], BY)
    with pytest.raises(RuleViolation, match="there are 2, and 3 are needed"):
        changes.activate_format(db, owner, draft, BY)


def test_another_draft_must_be_confirmed_again_and_an_outdated_page_confirms_nothing(db, owner, draft):
    first = numbers(db, owner)[0]
    changes.confirm_example(db, owner, first, draft, BY)
    swapped = badge_setup.setup_of(db, owner).draft
    swapped = swapped | {"last_name": swapped["first_name"], "first_name": swapped["last_name"]}
    changes.choose_format(db, owner, swapped, BY)
    assert not any(each.is_confirmed for each in read(db, owner))
    for change in (
        changes.confirm_example,
        lambda db, owner, _, seen, by: changes.activate_format(db, owner, seen, by),
    ):
        with pytest.raises(RuleViolation, match="was changed meanwhile"):
            change(db, owner, first, draft, BY)
    assert not changes.choose_format(db, owner, swapped, BY).made


def test_an_example_is_kept_once_and_only_so_many(db, owner):
    assert changes.add_examples(db, owner, [CODES[0], CODES[0]], BY).value == 1
    assert not changes.add_examples(db, owner, [CODES[0]], BY).made
    changes.add_examples(db, owner, [(b"%d|a|b" % each, "") for each in range(MOST_EXAMPLES - 1)], BY)
    with pytest.raises(RuleViolation, match=f"there are {MOST_EXAMPLES} examples"):
        changes.add_examples(db, owner, [(b"more", "")], BY)


@pytest.mark.parametrize("payload", [b"", b"x" * 4097])
def test_a_code_of_no_badge_is_refused(db, owner, payload):
    with pytest.raises(RuleViolation, match="must have 1 to 4096 bytes"):
        changes.add_examples(db, owner, [(payload, "")], BY)


@pytest.mark.parametrize("chosen", [None, {}, {"kind": "guess"}, {"kind": "bare", "badge_id": {"part": "1"}, "x": 1}])
def test_a_format_that_is_none_is_refused_with_its_fault(db, owner, chosen):
    with pytest.raises(RuleViolation) as caught:
        changes.choose_format(db, owner, chosen, BY)
    assert caught.value.field == "format"


def test_examples_are_gone_after_a_week_and_images_after_an_hour(db, owner, draft):
    rows = badge_setup.examples(db, owner)
    badge_setup.keep_image(db, owner, "demo/olga", b"image")
    for row in (rows[0], db.scalar(select(BadgeImage))):
        name = "added_at" if isinstance(row, BadgeExample) else "uploaded_at"
        setattr(row, name, utc_now() - timedelta(days=7, minutes=1))
    db.flush()
    assert [each.id for each in badge_setup.examples(db, owner)] == [each.id for each in rows[1:]]
    with pytest.raises(RuleViolation, match="older than a week"):
        changes.remove_example(db, owner, rows[0].id, BY)
    digest = db.scalar(select(BadgeImage.sha256))
    assert badge_setup.image_of(db, owner, "demo/olga", digest) is None
    changes.add_examples(db, owner, [(b"new", "")], BY)
    badge_setup.keep_image(db, owner, "demo/kim", b"other")
    assert db.scalar(select(func.count(BadgeExample.id))) == 3
    assert db.scalar(select(func.count(BadgeImage.id))) == 1


def test_an_image_is_its_uploaders_and_replaces_the_last_one(db, owner):
    badge_setup.keep_image(db, owner, "demo/olga", b"first")
    kept = badge_setup.keep_image(db, owner, "demo/olga", b"second")
    assert badge_setup.image_of(db, owner, "demo/kim", kept.sha256) is None
    assert db.scalar(select(func.count(BadgeImage.id))) == 1
    badge_setup.drop_image(db, owner, "demo/olga")
    assert badge_setup.image_of(db, owner, "demo/olga", kept.sha256) is None


def test_without_a_draft_nothing_is_read_and_no_format_is_active(db, owner):
    changes.add_examples(db, owner, CODES, BY)
    assert [each.badge for each in read(db, owner)] == [None] * 3
    assert badge_setup.active_format(db, owner) is None
    with pytest.raises(RuleViolation, match="was not chosen yet"):
        changes.activate_format(db, owner, "", BY)


def test_one_code_many_times_costs_no_more_than_once(db, owner, monkeypatch):
    looked = []
    monkeypatch.setattr(badge_setup, "keep_example", lambda *given: looked.append(given[3]))
    changes.add_examples(db, owner, [(b"10482|Chen", "")] * 30_000, BY)
    assert looked == [b"10482|Chen"]


def test_old_examples_and_images_go_also_where_nobody_adds_another(db, owner):
    changes.add_examples(db, owner, CODES, BY)
    badge_setup.keep_image(db, owner, BY.actor, b"image")
    now = utc_now()
    assert badge_setup.purge(db, now) == 0
    assert badge_setup.purge(db, now + timedelta(hours=1, minutes=1)) == 1
    assert db.scalar(select(func.count(BadgeImage.id))) == 0
    assert badge_setup.purge(db, now + timedelta(days=7, minutes=1)) == len(CODES)
    assert db.scalar(select(func.count(BadgeExample.id))) == 0
