"""Forms of an implementation's own settings. The fields are named as `records.tenants.implementations` names them."""

from __future__ import annotations

from types import MappingProxyType

from web.console.settings.fields import (
    CheckboxesField,
    ChoiceField,
    JsonField,
    LineField,
    LinesField,
    NumberField,
    WholeNumberField,
    YesNoField,
)
from web.console.settings.forms import SettingsForm

#: EventPilot's own message colours: each can be read on white, and white on it.
PALETTE = (
    ("#005d8a", "Blue"),
    ("#006109", "Green"),
    ("#9b3900", "Orange"),
    ("#b20000", "Red"),
    ("#585858", "Grey"),
)

#: `show_when` in the words of the page.
TIMES = (
    ("always", "Always"),
    ("during", "Only while the session is held"),
    ("after", "Only after the session"),
    ("during or after", "While it is held and after it"),
)

KIB, MIB = 1024, 1024 * 1024

#: The budgets of a run which people may set here, as `records.tenants.implementations` names them.
BUDGETS = ("wall_s", "cpu_s", "memory_bytes", "calls", "read_bytes", "log_lines")


class GeneralForm(SettingsForm):
    """Names, times, texts and user types."""

    fields_of = MappingProxyType({"user_types": "more_user_types"})

    name = LineField("Name", description="What people call it. It stands on the login page and in the console.")
    time_zone = LineField("Time zone", description="Of the event, such as America/New_York. All times are shown in it.")
    session_url = LineField(
        "Address of a session in the app",
        description="Where people are led back to, with {session_id} in the place of its ID. May stay empty.",
    )
    show_when = ChoiceField("When a message is shown", choices=TIMES)
    user_types = CheckboxesField("Who sees messages", choices=())
    more_user_types = LinesField(
        "Other user types",
        description="One a line, written as your identity provider writes them. With none ticked and none here, everybody sees messages.",
    )
    inherit_from_parent = YesNoField("A sub-session shows the message of the session that it is part of")
    default_color = LineField(
        "Default colour", description="For messages to which the script gives none. Written #rrggbb."
    )
    fallback_text = LineField(
        "Fallback text",
        description="Shown when the script fails and nothing else is left to show. Empty: nothing is shown.",
    )
    fallback_link = LineField(
        "Fallback link", description="Makes a button of the fallback text. Its host must be among the link hosts."
    )
    last_good_minutes = WholeNumberField(
        "Minutes that the last good message stands in",
        unit="minutes",
        description="When the script fails, the last good message is shown with its age for so long, before the fallback text.",
    )
    fresh_seconds = WholeNumberField(
        "A message is new for",
        unit="seconds",
        description="So long it is shown again without asking the script. Short: always right. Long: quick, and easy on vendors.",
    )
    stale_seconds = WholeNumberField(
        "An older message may be shown for",
        unit="seconds",
        description="So long after it was made, it is shown with its age while the script already looks for a newer one.",
    )

    def all_user_types(self) -> list[str]:
        """Return the ticked and the typed user types together."""
        return [*self.user_types.value, *self.more_user_types.value]


class LinkHostsForm(SettingsForm):
    """Where messages may lead."""

    link_hosts = LinesField(
        "Link hosts",
        description="One a line, such as cme.example.org. Exactly these hosts: a sub-domain is another host.",
    )


class ScriptForm(SettingsForm):
    """What the script is told, and how much it may use."""

    script_settings = JsonField(
        "Settings for the script",
        description="A JSON object. The script reads it as api.settings. No secrets: they belong to a connection.",
    )
    wall_s = NumberField("Time of one run", unit="seconds")
    cpu_s = NumberField("Computing time of one run", unit="seconds")
    memory_bytes = WholeNumberField("Memory of one run", unit="MiB", factor=MIB)
    calls = WholeNumberField("Calls of one run", unit="calls")
    read_bytes = WholeNumberField("Data that one run may read", unit="KiB", factor=KIB)
    log_lines = WholeNumberField("Lines of log that one run may write", unit="lines")
    concurrency = WholeNumberField(
        "Runs at the same time",
        unit="runs",
        description="More make crowds wait less, and ask more of your vendors at once.",
    )
    keep_runs_days = WholeNumberField(
        "Days for which runs are kept",
        unit="days",
        description="Then the record of what a run did and showed is deleted.",
    )
