"""Gives a form the fields of the settings of an implementation that stand on its page, and of the budgets of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from records.tenants import implementation_settings as table
from records.tenants.implementation_settings import BUDGETS, SETTINGS, ImplementationSetting, RunBudget

from . import fields
from .base_form import BaseForm

Form = TypeVar("Form", bound=type[BaseForm])

#: The field of each kind of setting.
FIELDS: dict[str, Callable[..., Any]] = {
    table.TEXT: fields.LineField,
    table.LINES: fields.LinesField,
    table.TICKS: fields.CheckboxesField,
    table.WHOLE: fields.WholeNumberField,
    table.FLAG: fields.YesNoField,
    table.CHOICE: fields.ChoiceField,
    table.JSON: fields.JsonField,
}


def names_on(page: str) -> tuple[str, ...]:
    """Return the names of a page's settings, without the budgets: these have a field each."""
    return tuple(each.name for each in SETTINGS if each.page == page and each.name != "limits")


def with_settings(page: str) -> Callable[[Form], Form]:
    """Make a decorator that gives a form a field for each setting of the page, in the order of the table."""

    def give(form: Form) -> Form:
        for name in names_on(page):
            setattr(form, name, setting_field(table.BY_NAME[name]))
        return form

    return give


def with_budgets(form: Form) -> Form:
    """Give a form a field for each budget that people may set on a page."""
    for each in BUDGETS:
        if each.label:
            setattr(form, each.name, _budget_field(each))
    return form


def setting_field(of: ImplementationSetting) -> Any:
    """Make the field of a setting."""
    more: dict[str, Any] = {"description": of.help} if of.help else {}
    more |= {"unit": of.unit} if of.kind == table.WHOLE else {}
    more |= {"choices": of.choices} if of.kind == table.CHOICE else {}
    return FIELDS[of.kind](of.label, **more)


def _budget_field(of: RunBudget) -> Any:
    kind = fields.WholeNumberField if of.whole else fields.NumberField
    return kind(of.label, unit=of.unit, factor=of.factor)
