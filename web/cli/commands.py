"""All commands of `session-status`, by name. Each is imported when it is called."""

from __future__ import annotations

import click

from .common.lazy_group import CommandEntry, LazyCommandGroup
from .common.service_option import service_option

COMMANDS = (
    CommandEntry(
        "administrator",
        "web.cli.setup.administrators:administrator",
        "Let an administrator log in without an identity provider.",
    ),
    CommandEntry(
        "audit",
        "web.cli.operate.audit:audit_group",
        "Show audit entries, and check that none was changed, added or removed.",
    ),
    CommandEntry("badges", "web.cli.attendance.badges:badges_group", "Set up how the codes of badges are read."),
    CommandEntry(
        "connection", "web.cli.setup.connections:connection", "Add, show, change and remove vendor connections."
    ),
    CommandEntry(
        "db",
        "web.cli.operate.servers:db_group",
        "Bring the database up to date.",
        subcommands=("web.cli.operate.environment_marks:db_mark",),
    ),
    CommandEntry(
        "doctor",
        "web.cli.operate.doctor:doctor",
        "Check settings, database, secrets, store, jail, workers and versions.",
    ),
    CommandEntry(
        "facts",
        "web.cli.setup.facts:facts_group",
        "See what vendors told beforehand about people, and make the secrets with which they sign it.",
    ),
    CommandEntry(
        "implementation",
        "web.cli.setup.implementations:implementation",
        "Add, show, change, archive and remove implementations: one for each client's app.",
    ),
    CommandEntry(
        "mail", "web.cli.operate.mails:mail_group", "Try the mail server, and list, send or drop the mails of notices."
    ),
    CommandEntry(
        "report",
        "web.cli.attendance.scan_reports:report_group",
        "Make reports of attendance, and check a report that was made.",
    ),
    CommandEntry("role", "web.cli.setup.roles:role_group", "Grant and revoke roles."),
    CommandEntry(
        "roster",
        "web.cli.attendance.roster:roster_group",
        "Import, list and delete the list of attendees, which names badges that show an ID only.",
    ),
    CommandEntry(
        "runs",
        "web.cli.operate.runs:runs_group",
        "Find past runs: why a user saw a message.",
        subcommands=("web.cli.operate.runs_why:why",),
        over_http="web.cli.service.run_commands:runs_group",
    ),
    CommandEntry("saml", "web.cli.setup.saml:saml_group", "Show, import and refresh identity providers (SAML)."),
    CommandEntry(
        "scans",
        "web.cli.attendance.scan_devices:scans_group",
        "List, correct and verify scans of badges; make and revoke devices that scan.",
        subcommands=(
            "web.cli.attendance.scan_corrections:add",
            "web.cli.attendance.scan_corrections:erase",
            "web.cli.attendance.scan_corrections:void",
            "web.cli.attendance.scan_decisions:answer",
            "web.cli.attendance.scan_decisions:decide",
            "web.cli.attendance.scan_decisions:list_disputes",
            "web.cli.attendance.scan_decisions:list_questions",
            "web.cli.attendance.retention:retention",
            "web.cli.attendance.scan_import:import_scans",
            "web.cli.attendance.scan_lists:list_refused",
            "web.cli.attendance.scan_lists:list_scans",
            "web.cli.attendance.scan_lists:verify",
        ),
    ),
    CommandEntry(
        "script",
        "web.cli.script_group:script",
        "Check, run and deploy scripts.",
        over_http="web.cli.script_group:script",
    ),
    CommandEntry("sessions", "web.cli.setup.agenda:sessions_group", "Import the agenda, and undo an import."),
    CommandEntry("status", "web.cli.operate.statuses:status_group", "Get the status of a session."),
    CommandEntry(
        "store",
        "web.cli.operate.environment_marks:store_group",
        "Manage the store (Valkey or Redis).",
        subcommands=("web.cli.operate.store_empty:store_empty",),
    ),
    CommandEntry(
        "up",
        "web.cli.local.up:up",
        "Start everything on this machine, with a demo: store, database, worker, web server, demo vendor, identity provider.",
    ),
    CommandEntry(
        "users",
        "web.cli.setup.users:users_group",
        "Add and list sample users, and try the app's endpoints as one.",
        subcommands=("web.cli.setup.access_tokens:users_token",),
    ),
    CommandEntry(
        "web",
        "web.cli.operate.servers:web",
        "Run the web server, behind a proxy that handles TLS.",
    ),
    CommandEntry(
        "webhook",
        "web.cli.setup.webhooks:webhook_group",
        "Tell another system of scans and corrections, signed as Standard Webhooks says.",
    ),
    CommandEntry(
        "worker",
        "web.cli.operate.servers:worker",
        "Run a worker, which takes runs from the queue and runs scripts in the jail.",
    ),
)


@click.group(
    cls=LazyCommandGroup,
    entries=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@service_option
@click.version_option(package_name="session-status", prog_name="session-status")
def main(service: str | None) -> None:
    """Run and manage Session Status, which shows attendees one message for each conference session.

    To look around, start with `session-status up`. To write a script, start with `session-status script --help`.
    Authors without a shell on the server use --service.

    Exit status of every command: 0 success; 1 the command ran, and the result is negative (findings, a failed run, faults in
    a file, a problem); 2 the command could not run, and says what is wrong and what to do.
    """
