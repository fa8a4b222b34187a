"""The checklist of an implementation: what has to be set up, and whether it is. It is worked out from the records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from records import DbSession, Implementation, Run, Version
from records.agenda import sessions
from records.identity import certificates
from records.identity import external_auth as external
from records.identity import saml_providers as saml
from records.people import users
from records.plurals import counted, form
from records.scripts import versions
from records.tenants import connections, implementations
from runner.explanations.status_explanation import VersionHealth, version_health
from web.permissions import Permission

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class ChecklistStep:
    """One line of the checklist."""

    label: str
    state: str  #: "done", "missing", "wrong" or "optional"
    text: str
    endpoint: str  #: of its page
    moment: datetime | None = None
    permission: Permission = Permission.SEE_SETTINGS  #: which its page needs


def steps(db: DbSession, implementation: Implementation) -> list[ChecklistStep]:
    """Return the steps in the order in which people take them."""
    if implementation.slug == implementations.STAFF:
        return [_provider(db, implementation), _logins(db, implementation)]
    return [
        _provider(db, implementation),
        _external(db, implementation),
        _agenda(db, implementation),
        _connections(db, implementation),
        _script(db, implementation),
        _app(implementation),
        _session_address(implementation),
        _logins(db, implementation),
    ]


def _provider(db: DbSession, implementation: Implementation) -> ChecklistStep:
    label, page = "Identity provider", "console_settings.provider"
    present = saml.find(db, implementation)
    if present is None:
        if external.find(db, implementation) is not None:
            return ChecklistStep(label, "optional", "None: people log in through External Authentication.", page)
        other = "" if implementation.slug == implementations.STAFF else " or set up External Authentication"
        return ChecklistStep(label, "missing", f"No one can log in yet. Connect a provider{other}.", page)
    waiting = len(saml.certificates(db, present, state="waiting"))
    if waiting:
        return ChecklistStep(
            label, "wrong", f"{counted(waiting, 'new certificate')} {form(waiting, 'waits')} for your decision.", page
        )
    soon = min(each.not_after for each in saml.certificates(db, present, state="active"))
    if soon < datetime.now(UTC) + certificates.NOTICE:
        return ChecklistStep(label, "wrong", "A certificate has expired or expires soon:", page, soon)
    own = [each for each in saml.own_expiring(db) if each.implementation_id == implementation.id]
    if own:
        return ChecklistStep(
            label, "wrong", "One of our certificates has expired or expires soon:", page, own[0].not_after
        )
    return ChecklistStep(label, "done", present.entity_id, page)


def _external(db: DbSession, implementation: Implementation) -> ChecklistStep:
    present = external.find(db, implementation)
    words = {"jwt": "Signed assertions", "introspection": "Token introspection", "password": "Password relay"}
    if present is None:
        return ChecklistStep(
            "External Authentication",
            "optional",
            "Not set. Needed only without an identity provider.",
            "console_settings.external",
        )
    return ChecklistStep("External Authentication", "done", words[present.kind], "console_settings.external")


def _agenda(db: DbSession, implementation: Implementation) -> ChecklistStep:
    count = sessions.count(db, implementation)
    if not count:
        return ChecklistStep(
            "Agenda", "missing", "No sessions yet. Import the organizer's file.", "console_settings.agenda"
        )
    return ChecklistStep("Agenda", "done", counted(count, "session"), "console_settings.agenda")


def _connections(db: DbSession, implementation: Implementation) -> ChecklistStep:
    names = [each.name for each in connections.every(db, implementation)]
    if not names:
        return ChecklistStep(
            "Connections", "optional", "None. A script that calls no vendor needs none.", "console_settings.connections"
        )
    return ChecklistStep("Connections", "done", ", ".join(names), "console_settings.connections")


def _script(db: DbSession, implementation: Implementation) -> ChecklistStep:
    version = versions.active(db, implementation)
    if version is None:
        return ChecklistStep(
            "Script", "missing", "No version is active, so no message is shown.", "console_settings.script"
        )
    missing = versions.settings_missing(implementation, version)
    if missing:
        text = (
            f"Version {version.number} reads settings that are not set here: {', '.join(missing)}. Its runs fail there."
        )
        return ChecklistStep("Script", "wrong", text, "console_settings.script")
    lately = version_health(db, implementation, version, datetime.now(UTC))
    if lately.newest is not None and lately.worrying:
        text, at = _failing(version, lately, lately.newest), lately.newest.started_at
        return ChecklistStep("Script", "wrong", text, "console_runs.every", at, permission=Permission.SEE_RUNS)
    return ChecklistStep("Script", "done", f"Version {version.number} is active", "console_settings.script")


def _failing(version: Version, lately: VersionHealth, newest: Run) -> str:
    """Say how many of the newest runs failed, and how the last that did. The text of the error is for its page."""
    error = newest.error or {}
    where = f" in line {error['line']}" if error.get("line") else ""
    how = f"{newest.outcome}: {error['type']}{where}" if error else f"{newest.outcome}, without an error"
    many = f"{lately.failed} of the last {lately.runs} runs" if lately.runs > 1 else "the last run"
    since = f", the newest {lately.failing} in a row" if lately.failing > 1 else ""
    return f"Version {version.number}: {many} failed within a day{since}. The newest failure ({how}):"


def _app(implementation: Implementation) -> ChecklistStep:
    if not implementation.app_redirect_uris:
        return ChecklistStep(
            "The app",
            "missing",
            "The app cannot log people in until its address is entered here.",
            "console_settings.app",
        )
    return ChecklistStep("The app", "done", ", ".join(implementation.app_redirect_uris), "console_settings.app")


def _session_address(implementation: Implementation) -> ChecklistStep:
    label, page = "Address of a session in the app", "console_settings.settings"
    if not implementation.session_url:
        text = "Not set: people who return from a vendor's site see a page with only the message, not the app."
        return ChecklistStep(label, "missing", text, page)
    return ChecklistStep(label, "done", implementation.session_url, page)


def _logins(db: DbSession, implementation: Implementation) -> ChecklistStep:
    label, page = "Logins", "console_people.people"
    last = users.every(db, implementation, limit=1)
    if not last:
        return ChecklistStep(label, "missing", "No one has logged in yet.", page, permission=Permission.SEE_PEOPLE)
    text = "The last login was on"
    return ChecklistStep(label, "done", text, page, last[0].last_seen_at, permission=Permission.SEE_PEOPLE)
