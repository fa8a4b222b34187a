"""Forms of an implementation's own settings. Their fields come from `records.tenants.implementation_settings`."""

from __future__ import annotations

from types import MappingProxyType

from records.tenants import implementation_settings as table
from records.tenants import run_budgets
from web.forms.base_form import BaseForm
from web.forms.fields import LinesField
from web.forms.setting_fields import names_on, with_budgets, with_settings

#: EventPilot's own message colours: each can be read on white, and white on it.
PALETTE = (
    ("#005d8a", "Blue"),
    ("#006109", "Green"),
    ("#9b3900", "Orange"),
    ("#b20000", "Red"),
    ("#585858", "Grey"),
)

#: The budgets of a run that people may set here.
BUDGETS = tuple(each.name for each in run_budgets.BUDGETS if each.label)

#: The settings of each page that are stored as they are typed; `user_types` and `script_settings` are not.
AS_TYPED = {
    page: tuple(name for name in names_on(page) if name not in ("user_types", "script_settings"))
    for page in (table.GENERAL, table.SCRIPT)
}


@with_settings(table.GENERAL)
class GeneralForm(BaseForm):
    """Names, times, texts and user types."""

    fields_of = MappingProxyType({"user_types": "more_user_types"})

    more_user_types = LinesField(
        "Other user types",
        description="One a line, written as your identity provider writes them. If none is ticked and none is entered here, everyone sees messages.",
    )

    def all_user_types(self) -> list[str]:
        """Return the ticked and the typed user types together."""
        return [*self.user_types.value, *self.more_user_types.value]


@with_settings(table.LINK_HOSTS)
class LinkHostsForm(BaseForm):
    """The hosts that messages may link to."""


@with_budgets
@with_settings(table.SCRIPT)
class ScriptForm(BaseForm):
    """The settings that the script reads, and the limits of its runs."""
