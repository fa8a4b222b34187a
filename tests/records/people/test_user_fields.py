"""What is known of a person: one table, and everything that names the fields agrees with it."""

import ast
import dataclasses
from pathlib import Path

import pytest
from sqlalchemy import String

from records import RuleViolation, User, UserProfile
from records.identity import external_auth_kinds, saml_providers
from records.people import user_fields, users
from sandbox import OFFERED
from tests.support import ROOT
from web.cli.setup import users as commands
from web.console.settings.external.forms import PasswordForm
from web.console.settings.identity.forms import MappingForm

#: Files that name several fields as texts, with the reason.
MAY_LIST = {
    "records/people/user_fields.py": "the table itself",
    "records/identity/saml_providers.py": "under which names providers send each",
    "sandbox/language/run/script_arguments.py": "the sandbox imports nothing of ours; a test compares it",
    "sandbox/zygote/child_warmup.py": "a sample user",
    "runner/trials/explore/starting_scenes.py": "the user with whom a search starts",
    "web/console/scripts/pane/case_filling.py": "what the input of a case tells of a person",
    "runner/trials/run_case.py": "what stands for the person of a run that becomes a case",
    "web/demo/identity_setup.py": "under which names the demo's provider sends some",
}


#: What is on a badge is a list of its own: a scan never knows more of a person.
OF_A_BADGE = {"badge_id", "last_name", "first_name"}


def test_a_profile_and_the_table_of_users_have_exactly_these_fields():
    profile = tuple(field.name for field in dataclasses.fields(UserProfile))
    assert profile == (*user_fields.TEXTS, user_fields.ATTRIBUTES)
    for one in user_fields.TABLE:
        column = User.__table__.columns[one.name].type
        assert isinstance(column, String)
        assert column.length == one.longest


@pytest.mark.parametrize("one", user_fields.TABLE, ids=lambda one: one.name)
def test_a_text_is_kept_up_to_its_length_and_refused_beyond(database, demo, one):
    with database.session() as db:
        home = db.merge(demo)
        kept = users.remember(db, home, "1", UserProfile(**{one.name: "x" * one.longest}))
        assert getattr(kept, one.name) == "x" * one.longest
        with pytest.raises(RuleViolation, match=one.name):
            users.remember(db, home, "1", UserProfile(**{one.name: "x" * (one.longest + 1)}))


def test_each_way_in_can_map_what_the_table_says():
    assert set(saml_providers.MAPPED) == set(saml_providers.ATTRIBUTE_MAP) == set(user_fields.TEXTS)
    assert ("subject", *user_fields.TEXTS) == external_auth_kinds.RESULT
    assert not user_fields.PASSWORD <= user_fields.ATTRIBUTE_SOURCES


def test_every_way_in_is_among_the_sources_of_the_table():
    """Otherwise it would not be decided which fields a new way in can tell."""
    made = [
        value.value
        for path in (ROOT / "web").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "AuthenticatedPerson"
        for value in (*node.args[1:2], *(keyword.value for keyword in node.keywords if keyword.arg == "source"))
        if isinstance(value, ast.Constant)
    ]
    assert set(made) == user_fields.SOURCES


def test_scripts_see_exactly_these_fields_of_a_user():
    told = next(entry.names for entry in OFFERED if entry.kind == "value" and entry.where == "user")
    assert set(told) == set(user_fields.SCRIPT_FIELDS)


def test_the_command_line_has_an_option_for_each_with_its_meaning():
    options = {option.name: option for option in commands.add.params}
    for one in user_fields.TABLE:
        assert one.meaning in options[one.name].help
        assert str(one.longest) in options[one.name].help


def test_the_pages_call_each_field_by_its_label():
    for one in user_fields.TABLE:
        assert getattr(MappingForm, one.name).args[0] == one.label
        assert getattr(PasswordForm, f"result_{one.name}").args[0] == one.label


def test_the_guide_for_authors_names_each_field():
    guide = (ROOT / "docs" / "authors.md").read_text()
    line = next(line for line in guide.splitlines() if line.startswith("| `user` |"))
    assert all(f"`{name}`" in line for name in user_fields.SCRIPT_FIELDS)


def lists_of_fields(path: Path) -> list[list[str]]:
    """The collections of a file that name three of the fields and more, by themselves or as keys."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        parts = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", [])
        names = {part.value for part in parts if isinstance(part, ast.Constant)} & set(user_fields.TEXTS)
        words = set(node.value.split()) & set(user_fields.TEXTS) if is_text(node) and "\n" not in node.value else set()
        found += [sorted(each) for each in (names, words) if len(each) > 2 and each != OF_A_BADGE]
    return found


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_no_other_file_lists_the_fields():
    found = {}
    for folder in ("sandbox", "records", "runner", "web"):
        for path in (ROOT / folder).rglob("*.py"):
            where = path.relative_to(ROOT).as_posix()
            if "migrations" not in path.parts and lists_of_fields(path):
                found[where] = lists_of_fields(path)
    assert set(found) == set(MAY_LIST) - {"records/people/user_fields.py"}, found
