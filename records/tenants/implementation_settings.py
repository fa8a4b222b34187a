"""Every setting of an implementation, in one table: its allowed values, and how pages and commands name and explain it.

The rules of `implementations`, the fields of the console's forms, `session-status implementation set` and the reference page
are made from these rows. A new setting is a column of `Implementation` with its migration, a row here, and its place on a
page (CONTRIBUTING.md has the recipe).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from records import fields, roles
from records.host_names import host_name
from records.message_text import MAX_CHARACTERS, shown_text

from . import app_addresses
from .run_budgets import run_limits

#: Kinds of values, by which commands read them and forms ask for them.
TEXT, LINES, TICKS, WHOLE, FLAG, CHOICE, JSON = "text", "lines", "ticks", "whole", "flag", "choice", "JSON"
#: Pages of the console on which settings stand.
GENERAL, LINK_HOSTS, SCRIPT, APP, ROLES = "general", "link hosts", "script", "app", "roles"
ATTENDANCE, RETENTION = "attendance", "retention"


@dataclass(frozen=True)
class ImplementationSetting:
    """A setting: `name` is its column, `help` one or two sentences for pages and commands alike."""

    name: str
    kind: str
    label: str
    help: str
    check: fields.Check
    page: str
    unit: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    of_people: bool = False  #: about who may log in and do what; it does not change what sessions show


#: When a session's message is shown at all (product rule 5), in words.
TIMES = (
    ("always", "Always"),
    ("during", "Only while the session is held"),
    ("after", "Only after the session"),
    ("during or after", "While it is held and after it"),
)

#: Whether the scans of a session say that somebody came, or also that they left.
IN_ONLY, IN_AND_OUT = "in only", "in and out"
SCAN_MODES = (
    (IN_ONLY, "When people come in: who came is there until the end"),
    (IN_AND_OUT, "When people come in and when they leave"),
)


#: Older scans are refused, so what was deleted after that cannot come back.
LEAST_SCAN_DAYS = 61


def _scan_days(value: Any) -> int:
    days = int(fields.whole(0, 3650)(value))
    if 0 < days < LEAST_SCAN_DAYS:
        raise ValueError(f"must be 0, or {LEAST_SCAN_DAYS} to 3650")
    return days


def _link(value: Any) -> str:
    return fields.url(value).geturl() if value else ""


def _message_text(value: Any) -> str:
    return shown_text(fields.line(MAX_CHARACTERS)(value))


def _session_url(value: Any) -> str:
    if not value:
        return ""
    if not isinstance(value, str) or value.count("{session_id}") != 1 or value.count("{") + value.count("}") != 2:
        raise ValueError("must contain {session_id} exactly once, and no other braces")
    fields.url(value.replace("{session_id}", "1"), loopback_http=True)
    if "{" in urlsplit(value).netloc:  # otherwise the id in a link would choose the host
        raise ValueError("must contain {session_id} after the host, in the path or in the query")
    return value


#: In the order of `implementation show` and of each page.
SETTINGS = (
    ImplementationSetting(
        "name", TEXT, "Name", "The name for people. The login page and the console show it.",
        fields.line(200, empty=False), GENERAL,
    ),
    ImplementationSetting(
        "time_zone", TEXT, "Time zone", "Of the event, such as America/New_York. All times are shown in it.",
        fields.time_zone, GENERAL,
    ),
    ImplementationSetting(
        "script_settings", JSON, "Settings for the script",
        "A JSON object. The script reads it as api.settings. No secrets: they belong to a connection.",
        fields.json_object(64 * 1024), SCRIPT,
    ),
    ImplementationSetting(
        "link_hosts", LINES, "Link hosts",
        "One a line, such as cme.example.org. Only exactly these hosts: a subdomain is another host.",
        fields.each(host_name, 100), LINK_HOSTS,
    ),
    ImplementationSetting(
        "session_url", TEXT, "Address of a session in the app",
        "Where people are sent back to, with {session_id} in place of its ID. May be empty.",
        _session_url, GENERAL,
    ),
    ImplementationSetting(
        "show_when", CHOICE, "When a message is shown", "", fields.one_of(*(value for value, _ in TIMES)), GENERAL,
        choices=TIMES,
    ),
    ImplementationSetting(
        "user_types", TICKS, "Who sees messages", "", fields.each(fields.line(100, empty=False), 100), GENERAL,
    ),
    ImplementationSetting(
        "inherit_from_parent", FLAG, "A sub-session shows the message of the session that it is part of", "",
        fields.flag, GENERAL,
    ),
    ImplementationSetting(
        "default_color", TEXT, "Default colour", "For messages without a colour of their own. Written as #rrggbb.",
        fields.color, GENERAL,
    ),
    ImplementationSetting(
        "last_good_minutes", WHOLE, "Show the last good message for up to",
        "If the script fails, the last good message is shown with its age for this long. Then the fallback text is shown.",
        fields.whole(0, 7 * 24 * 60), GENERAL, "minutes",
    ),
    ImplementationSetting(
        "fallback_text", TEXT, "Fallback text",
        "Shown if the script fails and there is no last good message. If it is empty, nothing is shown.",
        _message_text, GENERAL,
    ),
    ImplementationSetting(
        "fallback_link", TEXT, "Fallback link",
        "Makes the fallback text a button. Its host must be one of the link hosts.", _link, GENERAL,
    ),
    ImplementationSetting(
        "fresh_seconds", WHOLE, "A message is new for",
        "For this long it is shown again without running the script. Short times are accurate; long ones are fast, and make "
        "fewer calls to vendors.",
        fields.whole(0, 24 * 3600), GENERAL, "seconds",
    ),
    ImplementationSetting(
        "stale_seconds", WHOLE, "An older message may be shown for",
        "Until it is this old, it is shown with its age while the script looks for a newer one.",
        fields.whole(0, 7 * 24 * 3600), GENERAL, "seconds",
    ),
    ImplementationSetting(
        "limits", JSON, "What one run may use", 'A JSON object of budgets, such as {"wall_s": 3}.', run_limits, SCRIPT,
    ),
    ImplementationSetting(
        "concurrency", WHOLE, "Runs at the same time",
        "More runs make crowds wait less, but call your vendors more at once.", fields.whole(1, 64), SCRIPT, "runs",
    ),
    ImplementationSetting(
        "prepare_minutes_before_end", WHOLE, "Prepare facts before the end of a session",
        "Only for scripts with a function prepare. 0: not because of the end, only while many people look.",
        fields.whole(0, 120), SCRIPT, "minutes",
    ),
    ImplementationSetting(
        "prepare_fresh_seconds", WHOLE, "Prepared facts are new for",
        "For this long, prepare does not run again for the same session, however many people look.",
        fields.whole(10, 3600), SCRIPT, "seconds",
    ),
    ImplementationSetting(
        "prefetch_people", WHOLE, "Find messages ahead of time for at most",
        "Shortly before a session ends, for people who looked at it before or were scanned there, and only while no other run "
        "waits. 0: for none.",
        fields.whole(0, 5000), SCRIPT, "people",
    ),
    ImplementationSetting(
        "keep_runs_days", WHOLE, "Days for which runs are kept",
        "After that, the record of what a run did and showed is deleted.", fields.whole(1, 3650), SCRIPT, "days",
    ),
    ImplementationSetting(
        "keep_answers_days", WHOLE, "Days for which answers of vendors are kept with runs",
        "A new version of the script can then be tried on them before it is active. Tokens, and e-mail addresses, names and "
        "phone numbers of anybody but the user of the run, are removed first. 0: none are kept.",
        fields.whole(0, 90), SCRIPT, "days",
    ),
    ImplementationSetting(
        "scan_text", TEXT, "Text of the scan button",
        "People with the role of scanner see this button instead of the message, at the sessions and times below, such as "
        "Scan badges. If it is empty, there is no such button.",
        _message_text, ATTENDANCE,
    ),
    ImplementationSetting(
        "scan_sessions", LINES, "Sessions at which badges are scanned",
        "Their IDs, one a line. If it is empty, badges are scanned at all sessions.",
        fields.each(fields.session_id, 5000), ATTENDANCE,
    ),
    ImplementationSetting(
        "scan_opens_minutes", WHOLE, "Show the button before the start", "", fields.whole(0, 24 * 60), ATTENDANCE,
        "minutes",
    ),
    ImplementationSetting(
        "scan_closes_minutes", WHOLE, "Show the button after the end",
        "Scans that were made outside these times count, too.", fields.whole(0, 24 * 60), ATTENDANCE, "minutes",
    ),
    ImplementationSetting(
        "scan_mode", CHOICE, "When badges are scanned", "", fields.one_of(*(value for value, _ in SCAN_MODES)),
        ATTENDANCE, choices=SCAN_MODES,
    ),
    ImplementationSetting(
        "scan_mode_exceptions", LINES, "Sessions at which badges are scanned the other way",
        "Their IDs, one a line.",
        fields.each(fields.session_id, 5000), ATTENDANCE,
    ),
    ImplementationSetting(
        "repeat_seconds", WHOLE, "A repeat is a scan of the same badge within",
        "Repeats are kept and marked, and change no minutes.", fields.whole(0, 3600), ATTENDANCE, "seconds",
    ),
    ImplementationSetting(
        "early_minutes", WHOLE, "Minutes before the start that count", "", fields.whole(0, 24 * 60), ATTENDANCE, "minutes",
    ),
    ImplementationSetting(
        "late_minutes", WHOLE, "Minutes after the end that count",
        "Only for people who are scanned when they leave.", fields.whole(0, 24 * 60), ATTENDANCE, "minutes",
    ),
    ImplementationSetting(
        "minutes_needed", WHOLE, "Minutes that are needed to have attended", "0: no number of minutes is needed.", fields.whole(0, 24 * 60),
        ATTENDANCE, "minutes",
    ),
    ImplementationSetting(
        "percent_needed", WHOLE, "Or the share of the session that is needed",
        "One of the two is enough. With 0 in both, everyone who was scanned has attended.", fields.whole(0, 100), ATTENDANCE,
        "percent",
    ),
    ImplementationSetting(
        "own_attendance", FLAG, "People can look at their own attendance",
        "A small link below the message leads to a page with their own scans and minutes, on which they can say that something is "
        "wrong.",
        fields.flag, ATTENDANCE,
    ),
    ImplementationSetting(
        "keep_names_days", WHOLE, "Erase the names on scans after",
        "Days after the last session of the agenda. Scans and badge IDs stay, and the ledger can still be verified. 0: never.",
        fields.whole(0, 3650), RETENTION, "days", of_people=True,
    ),
    ImplementationSetting(
        "keep_scans_days", WHOLE, "Delete scans after",
        "Days after the last session of the agenda, at least 61. Reports of these scans cannot be made or verified any more. 0: never.",
        _scan_days, RETENTION, "days", of_people=True,
    ),
    ImplementationSetting(
        "keep_refused_days", WHOLE, "Delete refused scans after", "Days after they arrived. 0: never.",
        fields.whole(0, 3650), RETENTION, "days", of_people=True,
    ),
    ImplementationSetting(
        "keep_devices_days", WHOLE, "Delete devices for scanning after",
        "Days after their end or their revocation, at least 61. 0: never.",
        _scan_days, RETENTION, "days", of_people=True,
    ),
    ImplementationSetting(
        "app_redirect_uris", LINES, "Addresses at which a login may end",
        "One a line, exactly as the app sends it: an https address that opens the app, or a scheme of the app's own, such as "
        "com.example.app:/login.",
        fields.each(app_addresses.redirect, 10), APP, of_people=True,
    ),
    ImplementationSetting(
        "mapped_roles", TICKS, "A user type or an attribute may give", "",
        fields.each(fields.one_of(*roles.GRANTED), len(roles.GRANTED)), ROLES, of_people=True,
    ),
)  # fmt: skip

BY_NAME: Mapping[str, ImplementationSetting] = {each.name: each for each in SETTINGS}
