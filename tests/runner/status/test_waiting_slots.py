"""Places of requests that wait for a first answer."""

from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.status.waiting_slots import WaitingSlots


def takes(slots, stack, implementation, tries):
    """How many places an implementation gets."""
    return sum(stack.enter_context(slots.taken_for(implementation)) for _ in range(tries))


def test_the_people_of_a_slow_vendor_leave_places_for_those_of_others():
    slots = WaitingSlots(16)
    with ExitStack() as stack:
        assert takes(slots, stack, "slow", 100) == 12
        assert takes(slots, stack, "quick", 100) == 3
        assert takes(slots, stack, "slow", 1) == 0
    with ExitStack() as stack:
        assert takes(slots, stack, "quick", 100) == 12


def test_a_place_is_given_back_by_a_request_that_fails():
    slots = WaitingSlots(1)

    def fail():
        with slots.taken_for("demo"):
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        fail()
    with slots.taken_for("demo") as has_place:
        assert has_place


def test_without_places_no_request_waits():
    with WaitingSlots(0).taken_for("demo") as has_place:
        assert not has_place


@given(most=st.integers(0, 40), asked=st.lists(st.sampled_from("abc"), max_size=60))
def test_never_more_are_taken_than_there_are(most, asked):
    slots = WaitingSlots(most)
    with ExitStack() as stack:
        assert sum(stack.enter_context(slots.taken_for(each)) for each in asked) <= most
