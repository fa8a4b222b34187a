"""Changes that a person can make: what a change tells of old and new, what it leaves when nothing changed, and what follows."""

import pytest

from records import RuleViolation, UserProfile, audit
from records.audit import AuditContext
from records.changes import connections, implementations, operations, people, saml
from records.changes.entries import differences
from records.changes.implementations import ImplementationDraft, SettingsTerms
from records.changes.scripts import deployments
from records.changes.scripts.checked_scripts import CheckedScript
from records.people import users
from records.secretbox import SecretBox
from records.tenants.connections import ConnectionDraft
from records.tenants.script_needs import ScriptNeeds

BY = AuditContext("demo/olga", detail={"system_user": "kim"})
TERMS = SettingsTerms(most={"wall_s": 10})
BOX = SecretBox(["k" * 40])


@pytest.fixture
def db(database):
    """A session in which the implementation `demo` was just added."""
    with database.session() as db:
        implementations.add(db, ImplementationDraft("demo", "Demo"), BY, terms=TERMS)
        yield db


def demo(db):
    return implementations.implementations.find(db, "demo")


def told(db):
    """The entries after that of the implementation: action, target, and detail but who ran the command."""
    rows = [one for one in audit.recent(db)[::-1] if one.action != "implementation.added"]
    return [(one.action, one.target, {k: v for k, v in one.detail.items() if k != "system_user"}) for one in rows]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, {"b": [2, 3]}),
        ({}, {"a": 1}, {"a": [None, 1]}),
        ({"a": [1]}, {"a": [1, 2]}, {"a": [[1], [1, 2]]}),
        ({"a": {"token": "s3cret", "kept": 1}}, {"a": {"token": "t0ken", "kept": 1}}, {"a": {"changed": ["token"]}}),
        ({"a": {"gone": "s3cret"}}, {"a": {"new": "t0ken"}}, {"a": {"added": ["new"], "removed": ["gone"]}}),
        ({"a": None}, {"a": {"new": "t0ken"}}, {"a": {"added": ["new"]}}),
        ({"a": {"gone": "s3cret"}}, {"a": None}, {"a": {"removed": ["gone"]}}),
        ({"secret": "s3cret"}, {"secret": "t0ken"}, {"secret": "set again"}),
        ({"secret": "s3cret"}, {"secret": None}, {}),
        ({"a": {"b": 1}}, {"a": {"b": 1}}, {}),
    ],
)
def test_an_entry_tells_old_and_new_but_no_secret_and_no_value_of_an_object(before, after, said):
    assert differences(before, after) == said
    assert not any(word in str(said) for word in ("s3cret", "t0ken"))


def test_a_person_who_is_described_again_in_the_same_words_is_no_change(db):
    profile = UserProfile("mei", "attendee", "Mei", "Chen", "B-1", {"group": ["a"]})
    first = people.describe(db, demo(db), "165", profile, BY)
    seen = users.find(db, demo(db), "165").last_seen_at
    again = people.describe(db, demo(db), "165", profile, BY)
    assert (first.made, first.announced, again.made, again.announced) == (True, True, False, False)
    assert users.find(db, demo(db), "165").last_seen_at == seen
    other = people.describe(db, demo(db), "165", UserProfile("mei2"), BY)
    assert other.made
    assert told(db) == [("user.described", "165", {}), ("user.described", "165", {})]


def test_another_user_type_at_a_login_leaves_an_entry_and_nothing_else_of_a_login_does(db):
    for profile, made in (
        (UserProfile("mei", "attendee"), False),
        (UserProfile("mei", "attendee", "Mei", "Chen"), False),
        (UserProfile("mei", "speaker", "Mei", "Chen"), True),
        (UserProfile("mei", "speaker"), False),
        (UserProfile("mei"), True),
    ):
        after = people.describe_at_login(db, demo(db), "165", profile, provider="https://idp.example")
        assert (after.made, after.value.user_type, after.announced) == (made, profile.user_type, False)
    assert told(db) == [
        ("user.type_changed", "165", {"user_type": ["attendee", "speaker"], "provider": "https://idp.example"}),
        ("user.type_changed", "165", {"user_type": ["speaker", ""], "provider": "https://idp.example"}),
    ]
    with pytest.raises(RuleViolation):
        people.describe_at_login(db, demo(db), "1\0", UserProfile("mei"), provider="https://idp.example")


def test_a_person_is_locked_out_with_all_logins_and_let_in_once(db):
    user = people.describe(db, demo(db), "165", UserProfile("mei"), BY).value
    out = people.disable(db, demo(db), user, AuditContext("demo/olga", "lost phone"))
    assert (out.subjects, out.ends_first, out.announced) == (("165",), True, False)
    again = people.disable(db, demo(db), user, AuditContext("demo/olga", "lost phone"))
    assert (again.made, again.subjects) == (False, ("165",))  # another login may have come meanwhile
    assert people.enable(db, demo(db), user, BY).made
    assert not people.enable(db, demo(db), user, BY).made
    assert [action for action, _, _ in told(db)] == ["user.described", "user.disabled", "user.enabled"]
    assert audit.newest(db, implementation="demo", action="user.disabled", target="165").reason == "lost phone"


def test_a_person_cannot_lock_themselves_out(db):
    user = people.describe(db, demo(db), "olga", UserProfile("olga"), BY).value
    with pytest.raises(RuleViolation, match="cannot lock yourself out"):
        people.disable(db, demo(db), user, AuditContext("demo/olga", "by mistake"))
    assert user.disabled_at is None


def test_a_one_time_link_is_used_once_and_noted_each_time(db):
    token = people.make_administrator_link(db, BY).value
    assert [people.use_administrator_link(db, one).value for one in (token, token, "another")] == [True, False, False]
    assert [action for action, _, _ in told(db)] == ["administrator.link", "administrator.link.used"]


def test_the_text_that_is_in_service_is_activated_again_without_an_entry(db):
    checked = CheckedScript("def status(): ...", 1, (), ScriptNeeds(), "runtime", b"code")
    first = deployments.activate_text(db, demo(db), checked, BY, author="kim")
    again = deployments.activate_text(db, demo(db), checked, BY, author="kim")
    assert (first.made, again.made, again.announced, first.value.number) == (True, False, False, 1)
    assert told(db) == [("script.activated", "version 1", {"review": "none"})]


def test_a_connection_for_development_is_refused_in_production(db):
    draft = ConnectionDraft("local", "http://127.0.0.1:1", development=True)
    with pytest.raises(RuleViolation, match="development"):
        connections.add(db, BOX, demo(db), draft, BY, environment="production")
    assert connections.add(db, BOX, demo(db), draft, BY, environment="development").made


def test_a_connection_called_new_from_before_can_still_be_changed(db):
    connections.connections.save(db, BOX, demo(db), ConnectionDraft("new", "https://vendor.example"))
    draft = ConnectionDraft("new", "https://vendor.example", timeout_s=2)
    assert connections.change(db, BOX, demo(db), draft, BY, environment="production").made


def test_the_entry_of_a_tried_connection_leaves_the_query_out(db):
    connections.connections.save(db, BOX, demo(db), ConnectionDraft("vendor", "https://vendor.example"))
    after = connections.tried(db, demo(db), "vendor", "/people?key=s3cret", BY)
    assert (after.announced, told(db)) == (False, [("connection.tried", "vendor", {"path": "/people"})])


def test_what_is_not_there_cannot_be_changed_or_removed(db):
    draft = ConnectionDraft("gone", "https://vendor.example")
    for change in (
        lambda: connections.change(db, BOX, demo(db), draft, BY, environment="production"),
        lambda: connections.remove(db, demo(db), "gone", BY),
        lambda: saml.remove(db, demo(db), BY),
        lambda: saml.switch_keys(db, BOX, demo(db), BY),
        lambda: saml.decide(db, demo(db), "ab" * 32, "accept", BY),
    ):
        with pytest.raises(RuleViolation):
            change()
    assert told(db) == []


def test_a_page_that_was_overtaken_by_another_person_is_refused_and_by_oneself_is_not(db):
    newest = audit.recent(db)[0].number
    implementations.change(db, demo(db), {"name": "Mine"}, AuditContext("demo/olga"), terms=TERMS)
    own = AuditContext("demo/olga", as_of=newest)
    assert implementations.change(db, demo(db), {"name": "Again"}, own, terms=TERMS).made
    with pytest.raises(RuleViolation, match="was overtaken"):
        implementations.change(db, demo(db), {"name": "Old"}, AuditContext("staff/root", as_of=newest), terms=TERMS)


def test_a_budget_that_is_there_already_stays_when_the_operator_lowers_the_limit(db):
    implementations.change(db, demo(db), {"limits": {"wall_s": 8}}, BY, terms=TERMS)
    lower = SettingsTerms(most={"wall_s": 5})
    values = {"limits": {"wall_s": 8, "calls": 3}}
    assert implementations.change(db, demo(db), values, BY, terms=lower).made
    with pytest.raises(RuleViolation, match="wall_s must be at most 5"):
        implementations.change(db, demo(db), {"limits": {"wall_s": 9}}, BY, terms=lower)
    with pytest.raises(RuleViolation, match="at most 5"):
        implementations.add(db, ImplementationDraft("next", "Next", "UTC", {"limits": {"wall_s": 9}}), BY, terms=lower)


def test_settings_and_the_bound_of_roles_in_one_command_are_two_entries(db):
    values = {"name": "Demo 2027", "mapped_roles": ["scanner", "organizer"]}
    assert implementations.change(db, demo(db), values, BY, terms=TERMS).made
    assert [(action, list(detail)) for action, _, detail in told(db)] == [
        ("settings.changed", ["name"]),
        ("grants.bound", ["mapped_roles"]),
    ]


def test_no_token_is_issued_for_a_person_who_is_locked_out(db):
    user = people.describe(db, demo(db), "165", UserProfile("mei"), BY).value
    assert operations.issue_token(db, demo(db), user, BY).value == "mei"
    people.disable(db, demo(db), user, AuditContext("demo/olga", "lost phone"))
    with pytest.raises(RuleViolation, match="locked out"):
        operations.issue_token(db, demo(db), user, BY)
