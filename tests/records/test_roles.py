"""Roles: one table, and everything that lists roles is derived from it."""

import ast
import json
import re
from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint

from records import roles
from records.people import grants
from records.roles import Permission, Scope
from tests.support import ROOT

#: Files that name several roles as texts, with the reason.
MAY_LIST = {"records/roles.py": "the table itself"}


def test_each_role_has_one_row_and_a_meaning():
    assert len(roles.BY_NAME) == len(roles.TABLE)
    assert all(role.meaning and "\n" not in role.meaning for role in roles.TABLE)


def test_above_scanner_only_saml_carries_a_role_and_the_one_time_link_the_administrator():
    for role in roles.TABLE:
        if role.name in (roles.ATTENDEE, roles.SCANNER):
            assert all(role.allows_source(source) for source in ("saml", "jwt", "introspection", "password", "", "new"))
            continue
        assert role.allows_source("saml")
        assert role.allows_source("first administrator") == (role.name == roles.ADMINISTRATOR)
        assert not any(role.allows_source(source) for source in ("jwt", "introspection", "password", "", "SAML"))


def test_the_roles_of_the_house_are_given_in_the_staff_implementation_only():
    assert set(roles.existing_in(staff=True)) == set(roles.STAFF_ROLES) == {"reviewer", "administrator"}
    assert set(roles.existing_in(staff=False)) == {"scanner", "organizer", "author"}
    assert all((role.scope is Scope.ALL) == (role.name in roles.STAFF_ROLES) for role in roles.TABLE)


@pytest.mark.parametrize(
    ("held", "given"),
    [
        (set(), ()),
        ({Permission.SEE_PEOPLE}, ()),
        ({Permission.GRANT_SCANNING}, ("scanner",)),
        ({Permission.GRANT_ROLES}, ("scanner", "organizer", "author")),
        (set(Permission), ("scanner", "organizer", "author")),
    ],
)
def test_who_may_give_which_role_in_a_conference(held, given):
    assert roles.to_give(held, staff=False) == given


def test_no_role_gives_more_than_it_has_but_the_administrator():
    """Otherwise somebody could give themselves what they were not given."""
    for role in roles.TABLE:
        for name in roles.to_give(role.may, staff=False):
            assert roles.BY_NAME[name].may <= role.may


def test_somebody_who_may_grant_scanning_gives_nothing_in_the_staff_implementation():
    assert roles.to_give({Permission.GRANT_SCANNING}, staff=True) == ()
    assert roles.to_give({Permission.GRANT_ROLES}, staff=True) == ("reviewer", "administrator")


def test_the_table_of_grants_takes_exactly_the_granted_roles():
    checks = [each for each in grants.Grant.__table__.constraints if isinstance(each, CheckConstraint)]
    check = next(each for each in checks if str(each.name).endswith("role"))
    assert tuple(re.findall(r"'(\w+)'", str(check.sqltext))) == roles.GRANTED


# -- no other list ------------------------------------------------------------------------------------------------


def named_in(node: ast.AST) -> set[str]:
    """The roles that a collection, a call or a comparison names itself, also in collections within it."""
    if isinstance(node, ast.Dict):
        parts = [*node.keys, *node.values]
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        parts = node.elts
    elif isinstance(node, ast.Call):
        parts = [*node.args, *(keyword.value for keyword in node.keywords)]
    elif isinstance(node, ast.Compare):
        parts = [node.left, *node.comparators]
    elif isinstance(node, ast.BoolOp):
        parts = node.values
    else:
        return {node.value} & set(roles.NAMES) if isinstance(node, ast.Constant) else set()
    inner = (part for part in parts if part is not None and not isinstance(part, ast.Call))
    return set().union(*map(named_in, inner))


def lists_of_roles(path: Path) -> set[frozenset[str]]:
    """The sets of two roles and more that a file names in one place."""
    text = path.read_text()
    if path.suffix == ".py":
        tree = ast.parse(text)
        found = [named_in(node) for node in ast.walk(tree)]
        texts = [
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
    else:
        found, texts = [], re.findall(r"\{[{%].*?[%}]\}", text, re.DOTALL) if path.suffix == ".html" else [text]
    quoted = [set(re.findall(r"""["'](\w+)["']""", each)) & set(roles.NAMES) for each in texts]
    return {frozenset(each) for each in (*found, *quoted) if len(each) > 1}


@pytest.mark.parametrize(
    "line",
    [
        'ROLES = ("scanner", "organizer")',
        'MAY = {"author": 1, "reviewer": 2}',
        'if role in ("reviewer", "administrator"): pass',
        'if role == "reviewer" or role == "administrator": pass',
        'click.Choice(["scanner", other, "author"])',
        "CHECK = \"role IN ('scanner', 'organizer')\"",
        'GRANTS = (("username", "a", "organizer"), ("username", "b", "author"))',
    ],
)
def test_a_second_list_of_roles_would_be_found(tmp_path, line):
    file = tmp_path / "second.py"
    file.write_text(line)
    assert lists_of_roles(file)


def test_no_other_file_lists_roles():
    found = {}
    for folder in ("sandbox", "records", "runner", "web"):
        for path in (ROOT / folder).rglob("*"):
            where = path.relative_to(ROOT).as_posix()
            if path.suffix in (".py", ".html", ".js") and "migrations" not in path.parts and where not in MAY_LIST:
                lists = lists_of_roles(path)
                if lists:
                    found[where] = [sorted(each) for each in lists]
    assert not found, json.dumps(found)
