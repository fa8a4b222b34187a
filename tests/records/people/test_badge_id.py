"""Badge IDs: one normaliser, which every way in and every search uses."""

import importlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import RuleViolation, UserProfile
from records.people import badge_id, users

texts = st.text(
    st.characters(codec="utf-8")
    | st.sampled_from("A\u0308\u200b\u200d\ufeff\u00ad\u202e\r\n\t \u00a0\u2000\u0085\x1d\0"),
    max_size=40,
)


@given(texts)
def test_normalising_twice_is_normalising_once(text):
    once = badge_id.normalised(text)
    assert badge_id.normalised(once) == once


@given(texts)
def test_what_is_kept_is_composed_and_has_nothing_invisible_but_inner_white_space(text):
    kept = badge_id.normalised(text)
    assert unicodedata.is_normalized("NFC", kept)
    assert kept == kept.strip()
    assert not [each for each in kept if unicodedata.category(each) in ("Cf", "Cc") and not each.isspace()]


@given(texts)
def test_nothing_else_is_changed(text):
    """Every visible character stays, in its order and case; white space within stays as it is."""
    composed = unicodedata.normalize("NFC", text)
    visible = [each for each in composed if each.isspace() or unicodedata.category(each) not in ("Cf", "Cc")]
    assert badge_id.normalised(text) == unicodedata.normalize("NFC", "".join(visible).strip())


@given(texts)
def test_the_migration_has_the_same_rule(text):
    migration = importlib.import_module("records.migrations.versions.0008_badge_ids")
    assert migration.normalised(text) == badge_id.normalised(text)


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("B-17\r", "B-17"),
        ("B-17\r\n", "B-17"),
        ("\ufeffB-17", "B-17"),
        ("\x1dB-17", "B-17"),
        ("B\u200b-17\u202e", "B-17"),
        ("A\u0308", "\u00c4"),
        ("A\u200d\u0308", "\u00c4"),
        ("\u00a0 B 17 \u3000", "B 17"),
        ("B  17", "B  17"),
        ("007", "007"),
        ("b-17", "b-17"),
        ("\uff11", "\uff11"),
        ("1e5", "1e5"),
        ("\u200b\r", ""),
    ],
)
def test_what_scanners_and_copies_put_around_an_id_is_removed(given_, kept):
    assert badge_id.normalised(given_) == kept


@pytest.mark.parametrize("value", [None, 17, True, "B\t17", "B\n17", "B\x8517", "\ud800", "a" * 101, "\u0958" * 51])
def test_what_cannot_be_an_id_is_refused(value):
    with pytest.raises(ValueError, match=r"must be a text|control character|at most 100"):
        badge_id.checked(value)


def test_the_length_counts_after_normalising():
    assert badge_id.checked("a" * 100 + "\u200b" * 50 + "\r") == "a" * 100
    assert badge_id.acceptable("a" * 101) == ""


def test_users_are_kept_and_found_by_the_normalised_id(database, demo):
    with database.session() as db:
        home = db.merge(demo)
        mei = users.remember(db, home, "165", UserProfile("mei", badge_id="\ufeffB-A\u030817\r"))
        users.remember(db, home, "166", UserProfile("jide", badge_id="B 17"))
        assert mei.badge_id == "B-\u00c417"
        for typed in ("B-\u00c417", "b-\u00e417", "B-A\u030817\r", "\u200bB-\u00c4\u200b17", " B-\u00c417\n"):
            assert [user.subject for user in users.search(db, home, typed)] == ["165"], repr(typed)
        assert users.search(db, home, "\u200b-\u200b18") == []


def test_an_id_with_a_control_character_inside_is_refused(database, demo):
    with database.session() as db, pytest.raises(RuleViolation, match="badge_id"):
        users.remember(db, db.merge(demo), "165", UserProfile(badge_id="B\t17"))
