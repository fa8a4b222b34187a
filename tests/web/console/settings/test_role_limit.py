"""The roles that user types and attributes may give: set by an administrator, and in effect at once."""

from records import UserProfile
from records.people import grants, users
from records.tenants import implementations
from tests.web.console.settings.staff_people import entries

PAGE = "/roles/from-provider"


def roles(database):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        person = users.remember(db, demo, "typed", UserProfile(user_type="Committee"))
        return grants.roles_of(db, demo, person, "saml")


def grant(database):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        grants.add(db, demo, kind="user type", value="Committee", role="organizer", by="tests")


def test_a_role_within_the_bound_counts_and_above_it_no_more(administrator, database):
    form = administrator.form(PAGE)
    answer = administrator.post(PAGE, form | {"mapped_roles": ["scanner", "organizer"]}, follow_redirects=True)
    assert "scanner, organizer" in answer.text
    grant(database)
    assert "organizer" in roles(database)
    administrator.post(PAGE, administrator.form(PAGE) | {"mapped_roles": ["scanner"]})
    assert "organizer" not in roles(database)
    assert "no effect: a user type may not give this role here" in administrator.get("/roles").text
    assert [entry.detail["mapped_roles"] for entry in entries(database, "grants.bound")] == [
        [["scanner", "organizer"], ["scanner"]],
        [["scanner"], ["scanner", "organizer"]],
    ]


def test_the_roles_of_the_house_are_offered_nowhere_else_and_not_taken(administrator, database):
    assert "administrator:" not in administrator.get(PAGE).text
    answer = administrator.post(PAGE, administrator.form(PAGE) | {"mapped_roles": ["administrator"]})
    assert answer.status_code == 422
    assert "outside the staff implementation" in answer.text


def test_an_organizer_cannot_raise_the_bound(organizer, database):
    assert organizer.get(PAGE).status_code == 403
    assert "from-provider" not in organizer.get("/roles").text
