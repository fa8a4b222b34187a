"""The capacity of a room and the number of registered people, in the columns of agendas as organizers write them."""

from __future__ import annotations

import pytest

from records import AgendaSession
from records.attendance.figures.room_sizes import capacity_of, registered_of


@pytest.mark.parametrize(
    ("attributes", "capacity", "registered"),
    [
        ({}, None, None),
        ({"Capacity": "120", "Registered": " 80 "}, 120, 80),
        ({"Room Capacity": "120", "registrations": "80"}, 120, 80),
        ({"room_capacity": "7", "Seats": "9", "Enrolled": "0"}, 7, None),
        ({"Seats": "about 100", "Registered": "-5"}, None, None),
        ({"Capacity": "12.5"}, None, None),
        ({"Capacity": "\u0661\u0662"}, None, None),  # digits of another script
        ({"Capacity": "9" * 400}, None, None),
        ({"Capacity notes": "120"}, None, None),
    ],
)
def test_a_number_is_read_and_nothing_else(attributes, capacity, registered):
    session = AgendaSession(attributes=attributes)
    assert (capacity_of(session), registered_of(session)) == (capacity, registered)
