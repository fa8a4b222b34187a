"""Adds to a form the fields for the settings of its page, for the budgets of a run, or for the limits of a connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from records.tenants import implementation_settings as table
from records.tenants.connection_limits import LIMITS, ConnectionLimit
from records.tenants.implementation_settings import SETTINGS, ImplementationSetting
from records.tenants.run_budgets import BUDGETS, RunBudget

from . import fields
from .base_form import BaseForm
from .json_field import JsonField

Form = TypeVar("Form", bound=type[BaseForm])

#: The field class for each kind of setting.
FIELDS: dict[str, Callable[..., Any]] = {
    table.TEXT: fields.LineField,
    table.LINES: fields.LinesField,
    table.TICKS: fields.CheckboxesField,
    table.WHOLE: fields.WholeNumberField,
    table.FLAG: fields.YesNoField,
    table.CHOICE: fields.ChoiceField,
    table.JSON: JsonField,
}


def names_on(page: str) -> tuple[str, ...]:
    """Return the names of a page's settings, without `limits`: each budget has a field of its own."""
    return tuple(each.name for each in SETTINGS if each.page == page and each.name != "limits")


def with_settings(page: str) -> Callable[[Form], Form]:
    """Return a decorator that adds a field for each setting of the page, in the order of the table."""

    def add_fields(form: Form) -> Form:
        for name in names_on(page):
            setattr(form, name, setting_field(table.BY_NAME[name]))
        return form

    return add_fields


def with_budgets(form: Form) -> Form:
    """Add to a form a field for each budget that people may set on a page."""
    for each in BUDGETS:
        if each.label:
            setattr(form, each.name, _amount_field(each))
    return form


def with_limits(form: Form) -> Form:
    """Add to a form a field for each limit of a connection."""
    for each in LIMITS:
        setattr(form, each.name, _amount_field(each, description=each.help))
    return form


def setting_field(of: ImplementationSetting) -> Any:
    """Make the field of a setting."""
    more: dict[str, Any] = {"description": of.help} if of.help else {}
    more |= {"unit": of.unit} if of.kind == table.WHOLE else {}
    more |= {"choices": of.choices} if of.kind == table.CHOICE else {}
    return FIELDS[of.kind](of.label, **more)


def _amount_field(of: RunBudget | ConnectionLimit, **more: Any) -> Any:
    kind = fields.WholeNumberField if of.whole else fields.NumberField
    return kind(of.label, unit=of.unit, factor=of.factor, **more)
