"""The page about roles says what the code does: its tables are compared with the permissions and with every route."""

from records import roles
from records.people import administrators
from tests.support import ROOT
from tests.web.console.route_table import KEPT
from web.auth import logins
from web.auth.staff import staff_member
from web.permissions import Permission

PAGE = (ROOT / "docs" / "roles.md").read_text()


def table(first):
    """The rows of the table whose head begins with a word, as dictionaries."""
    lines = PAGE[PAGE.index(f"| {first} |") :].split("\n\n")[0].splitlines()
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [dict(zip(head, row, strict=True)) for row in rows]


def changing_routes():
    """The permission of each view that changes something, and whether it needs a fresh login."""
    for line in KEPT.read_text().splitlines():
        if line.startswith("POST"):
            _, _, permission, *fresh = line.split()
            yield permission, bool(fresh)


def test_every_role_is_on_the_page_with_where_it_holds():
    holds = {row["role"]: row["holds"] for row in table("role")}
    assert tuple(holds) == roles.NAMES
    assert {role for role, where in holds.items() if where == "in all"} == set(roles.STAFF_ROLES)


def test_every_permission_is_on_the_page_with_the_roles_that_have_it():
    rows = {row["permission"]: row for row in table("permission")}
    assert set(rows) == set(Permission) - {Permission.ANYONE}
    for permission, row in rows.items():
        said = {role for role in roles.NAMES if row.get(role) == "yes"}
        assert said == {role.name for role in roles.TABLE if permission in role.may}, permission


def test_the_page_says_which_changes_ask_for_a_fresh_login():
    fresh = {row["permission"]: row["fresh"] == "yes" for row in table("permission")}
    for permission, is_fresh in changing_routes():
        if permission != "ANYONE":
            assert fresh[Permission[permission]] == is_fresh, permission


def test_the_times_on_the_page_are_those_of_the_code():
    assert administrators.LASTS.total_seconds() == 24 * 3600
    assert logins.LASTS.total_seconds() == 12 * 3600
    assert (staff_member.FIRST_LASTS_S, staff_member.IDLE_S, staff_member.FRESH_S) == (8 * 3600, 30 * 60, 10 * 60)
    words = " ".join(PAGE.split())
    for said in (
        "within 24 hours",
        "They last 12 hours",
        "for eight hours at most",
        "half an hour without use",
        "ten minutes old at most",
    ):
        assert said in words, said
