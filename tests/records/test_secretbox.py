"""Secrets open with the right key, in the right place, and show themselves nowhere else."""

from __future__ import annotations

import pickle

import pytest

from records import BadSecretKey, SecretBox, SecretNotOpened

OLD, NEW = "the old key, of more than 32 characters", "the new key, of more than 32 characters"


def test_sealed_text_opens_again_and_is_not_readable():
    box = SecretBox([NEW])
    sealed = box.seal("pa55 ✓", place="here")
    assert b"pa55" not in sealed
    assert box.open(sealed, place="here") == "pa55 ✓"
    assert box.seal("pa55 ✓", place="here") != sealed


def test_new_key_in_front_still_opens_what_the_old_one_sealed():
    sealed = SecretBox([OLD]).seal("pa55")
    assert SecretBox([NEW, OLD]).open(sealed) == "pa55"


def test_rotated_secret_opens_without_the_old_key_and_keeps_its_place():
    sealed = SecretBox([NEW, OLD]).rotate(SecretBox([OLD]).seal("pa55", place="here"))
    assert SecretBox([NEW]).open(sealed, place="here") == "pa55"
    with pytest.raises(SecretNotOpened):
        SecretBox([NEW]).open(sealed, place="there")


@pytest.mark.parametrize("broken", [b"", b"nonsense", b"\xff" * 100])
def test_broken_or_foreign_secret_says_what_to_do(broken: bytes):
    for sealed in (broken, SecretBox([OLD]).seal("pa55")):
        with pytest.raises(SecretNotOpened, match="SESSION_STATUS_SECRET_KEYS_OLD"):
            SecretBox([NEW]).open(sealed)
        with pytest.raises(SecretNotOpened, match="SESSION_STATUS_SECRET_KEYS_OLD"):
            SecretBox([NEW]).rotate(sealed)


def test_secret_moved_to_another_place_stays_shut():
    box = SecretBox([NEW])
    with pytest.raises(SecretNotOpened, match="another connection"):
        box.open(box.seal("pa55", place="ours"), place="theirs")


@pytest.mark.parametrize("keys", [[], ["short"], [NEW, "short"]])
def test_weak_or_missing_key_is_refused_without_being_shown(keys: list[str]):
    with pytest.raises(BadSecretKey) as caught:
        SecretBox(keys)
    assert "short" not in str(caught.value)


def test_nothing_shows_keys_or_texts():
    box = SecretBox([NEW])
    assert NEW not in repr(box)
    with pytest.raises(TypeError):
        pickle.dumps(box)
    sealed = box.seal("pa55", place="a")
    with pytest.raises(SecretNotOpened) as caught:
        box.open(sealed, place="b")
    assert "pa55" not in str(caught.value)
    assert caught.value.__cause__ is None
