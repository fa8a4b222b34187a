"""Badges as registration vendors make them: a format is proposed from two examples, and must read a third and refuse others."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest

from records.attendance.badge_formats.badge_format import TEST_BADGE, Badge, Pick, ScannedTestBadge
from records.attendance.badge_formats.code_text import ForeignCode
from records.attendance.badge_formats.proposals import propose
from records.attendance.badge_formats.stored_format import as_json, from_json

SHAPES = json.loads(Path(__file__).with_name("shapes.json").read_text("utf-8"))


def raw(payload):
    return base64.b64decode(payload["base64"]) if isinstance(payload, dict) else payload.encode()


def confirmed(shape):
    """The first proposal from two examples, as the person confirms it: as it is, with names swapped, or other parts chosen."""
    proposed = propose([raw(each) for each in shape["payloads"][:2]])[0].format
    if shape.get("swap"):
        return replace(proposed, last_name=proposed.first_name, first_name=proposed.last_name)
    return replace(proposed, **{name: Pick(*pick) for name, pick in shape.get("choose", {}).items()})


@pytest.mark.parametrize("shape", SHAPES, ids=lambda each: each["name"])
def test_two_examples_are_enough_to_read_a_third_and_to_refuse_other_codes(shape):
    found = from_json(json.loads(json.dumps(as_json(confirmed(shape)))))
    assert found == confirmed(shape)
    assert [found.read(raw(each)) for each in shape["payloads"]] == [Badge(*each) for each in shape["badges"]]
    for foreign in shape["foreign"]:
        with pytest.raises(ForeignCode):
            found.read(raw(foreign))
    with pytest.raises(ScannedTestBadge):
        found.read(f" {TEST_BADGE}7\r\n".encode())


def test_there_are_more_than_forty_shapes_with_three_badges_each_and_foreign_codes():
    assert len(SHAPES) > 40
    assert all(len(each["payloads"]) == len(each["badges"]) == 3 and each["foreign"] for each in SHAPES)


@pytest.mark.parametrize(
    ("examples", "question"),
    [
        ([b"104,Alice,Chen", b"105,Eva,Roy"], "Is “Alice” the last name?"),
        ([b"104|Alice Chen", b"105|Eva Roy"], "Is “Chen” the last name?"),
        ([b"104|Chen, Alice", b"105|Roy, Eva"], None),
        ([b'{"id":"1","last":"Chen","first":"Alice"}', b'{"id":"2","last":"Roy","first":"Eva"}'], None),
    ],
)
def test_what_examples_leave_open_is_asked(examples, question):
    assert propose(examples)[0].questions == ((question,) if question else ())


@pytest.mark.parametrize("examples", [[], [b"\xff\xfe\x00"], [b"Ann Doe", b"Bob Roy"], [b"same|a|b", b"x;y"]])
def test_nothing_is_proposed_for_examples_without_an_id_in_common(examples):
    assert propose(examples) == []


def test_equal_examples_count_once():
    assert len(propose([b"104|Chen|Alice"] * 5 + [b"105|Roy|Eva"])[0].parts) == 2
