"""The table of an implementation's settings: whole, true to its columns, and what pages and commands are made from."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from records import Implementation
from records.tenants import implementation_settings as table
from records.tenants import implementations, run_budgets
from sandbox import RunLimits
from tests.support import ROOT
from web.cli.setup.implementations import value_of
from web.console.settings.app_login import AppForm
from web.console.settings.attendance.forms import AttendanceForm, RetentionForm
from web.console.settings.general.forms import BUDGETS, GeneralForm, LinkHostsForm, ScriptForm
from web.console.settings.role_limit import RoleLimitForm

TEMPLATES = ROOT / "web" / "templates" / "console" / "settings"
#: Columns that are not settings.
NOT_SET = {"id", "slug", "created_at", "archived_at", "stopped_at", "stopped_by", "stopped_reason", "continued_at"}
PAGES = {
    table.GENERAL: (GeneralForm, "general.html"),
    table.LINK_HOSTS: (LinkHostsForm, "link_hosts.html"),
    table.SCRIPT: (ScriptForm, "script.html"),
    table.APP: (AppForm, "app.html"),
    table.ATTENDANCE: (AttendanceForm, "attendance.html"),
    table.RETENTION: (RetentionForm, "retention.html"),
    table.ROLES: (RoleLimitForm, "mapped_roles.html"),
}
EVERY = pytest.mark.parametrize("setting", table.SETTINGS, ids=lambda each: each.name)


def test_every_column_that_can_be_set_has_its_row_and_every_row_its_column():
    columns = {column.key for column in Implementation.__table__.columns} - NOT_SET
    assert {each.name for each in table.SETTINGS} == columns
    assert len(table.SETTINGS) == len(columns)


@EVERY
def test_a_default_is_what_the_rule_allows(db, setting):
    made = implementations.create(db, "made", "Made")
    assert setting.check(getattr(made, setting.name)) == getattr(made, setting.name)


@EVERY
def test_a_setting_stands_on_its_page(setting):
    form, template = PAGES[setting.page]
    text = (TEMPLATES / template).read_text()
    if setting.name == "limits":
        assert all(hasattr(form, name) for name in BUDGETS)
        assert "form[name]" in text
        return
    assert hasattr(form, setting.name)
    assert re.search(rf"entry\(form\.{setting.name}\b", text)


@EVERY
def test_a_command_reads_a_value_as_its_kind(db, setting):
    made = implementations.create(db, "made", "Made")
    stored = getattr(made, setting.name)
    written = {
        table.LINES: ",".join,
        table.TICKS: ",".join,
        table.TEXT: str,
        table.CHOICE: str,
        table.WHOLE: str,
        table.FLAG: lambda value: str(value).lower(),
        table.JSON: lambda _: "{}",
    }[setting.kind](stored)
    implementations.update(db, made, **{setting.name: value_of(setting.name, written)})
    assert getattr(made, setting.name) == stored


def test_the_choices_of_a_setting_are_those_of_its_rule():
    for setting in table.SETTINGS:
        for value, _ in setting.choices:
            assert setting.check(value) == value
    with pytest.raises(ValueError, match="must be one of"):
        table.BY_NAME["show_when"].check("never")


def test_the_budgets_are_those_of_the_sandbox():
    assert {each.name for each in run_budgets.BUDGETS} == {each.name for each in fields(RunLimits)}
