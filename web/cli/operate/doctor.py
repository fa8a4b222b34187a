"""`session-status doctor`: finds problems on this machine, and says what to do about them.

Each line is one finding: part, state (ok, note, warn, fail), what was found, and for warn and fail what to do. A note is a
step that has yet to come, such as starting workers. It changes nothing and shows no secret. A part that depends on a faulty
one is not checked.
"""

from __future__ import annotations

import errno
import platform
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import click

from records import Database, RecordsError
from records.identity import saml_providers as saml
from records.maintenance import development_stand_ins
from records.plurals import counted
from records.scripts import crashes, versions
from records.tenants import implementations
from runner.health.doctor_checks import StoreCheckup, jail_checkup, store_checkup
from runner.health.start_checks import (
    database_fault,
    database_remedy,
    described,
    remedy,
    schema_fault,
    secret_in_words,
    unreadable_secrets,
    what_to_do,
)
from runner.settings.key_strength import weakness
from runner.settings.operator_settings import SETTINGS, Settings
from runner.store.embedded import EmbeddedStore, StoreError
from web.cli.common.context import ENV, environment, read_settings
from web.cli.common.errors import ANSWER_IS_NO, CommandFailed
from web.cli.common.help_examples import examples
from web.cli.common.tables import print_compact
from web.server.listen_check import BIND, listening_fault

from .data_folder_check import folder_lines
from .doctor_lines import DoctorFinding, draw, parted
from .doctor_mails import mail_lines
from .doctor_memory import memory_lines
from .doctor_workers import worker_lines

PACKAGES = ("session-status", "RestrictedPython", "redis", "rq", "SQLAlchemy", "Flask", "granian", "cryptography")
NAMES = (*(entry.name for entry in SETTINGS), ENV)
KEY = "SESSION_STATUS_SECRET_KEY"  # in development one would be created, but doctor must not change anything
PRODUCTION = "production requires SESSION_STATUS_ENV=production and the settings in docs/settings.md"
#: Seconds by which clocks may differ without a warning. Logins are refused at 90.
CLOCKS_S = 30
ONE_HOUR = timedelta(hours=1)
#: The period in which crashes of the interpreter are reported.
CRASHES_FOR = 24 * ONE_HOUR


@click.command(epilog=examples("session-status doctor", "session-status doctor --json"))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on one line: `healthy` and `lines`.")
def doctor(*, as_json: bool) -> None:
    """Check settings, database, secrets, store, jail, workers and versions.

    Exit status: 0 if no check fails (there may be notes and warnings), 1 otherwise. Run this first if anything seems wrong; it
    does not need root. Before the first start, missing workers are only a note.
    """
    lines = list(look())
    healthy = all(line.state != "fail" for line in lines)
    if as_json:
        print_compact({"healthy": healthy, "lines": [asdict(line) for line in lines]})
    else:
        draw(lines)
        click.echo("\nNo check failed." if healthy else "\nA check failed: see above what to do.")
    if not healthy:
        raise SystemExit(ANSWER_IS_NO)


def look() -> Iterator[DoctorFinding]:
    """Return all findings."""
    yield from installed_versions()
    env = environment()
    if not any(name in env for name in NAMES):
        env[ENV] = "development"
    try:
        settings = read_settings(env if env.get(ENV) != "development" else {KEY: "x" * 32, **env})
    except CommandFailed as error:
        yield DoctorFinding("settings", "fail", error.message, "correct the environment")
        yield from jail(None)
        return
    yield from settings_lines(settings, env)
    yield from folder_lines(settings)
    if not settings.production or BIND in env:  # not every machine runs a web server
        yield from listening_lines(settings)
    yield from database_lines(settings)
    yield from store_lines(settings)
    yield from jail(settings)


def installed_versions() -> Iterator[DoctorFinding]:
    """Return the versions of Python and of packages."""
    yield DoctorFinding(
        "python", "ok", f"{platform.python_version()} on {platform.system()} {platform.release()} {platform.machine()}"
    )
    yield DoctorFinding("packages", "ok", ", ".join(f"{name} {version(name)}" for name in PACKAGES))


def settings_lines(settings: Settings, env: Mapping[str, str]) -> Iterator[DoctorFinding]:
    """Return which settings are set. Values of secrets are not shown."""
    values = [
        f"{entry.name}={'(set)' if entry.secret else getattr(settings, entry.attribute)}"
        for entry in SETTINGS
        if entry.name in env
    ]
    state, todo = ("ok", "") if settings.production else ("warn", PRODUCTION)
    yield DoctorFinding("settings", state, f"{settings.environment}; {'; '.join(values) or 'all defaults'}", todo)
    if any(weakness(key) for key in settings.secret_keys_old):
        found = "one of SESSION_STATUS_SECRET_KEYS_OLD is weak, and is still accepted"
        yield DoctorFinding(
            "settings", "warn", found, "session-status connection reseal, then remove it; this ends logins"
        )


def listening_lines(settings: Settings) -> Iterator[DoctorFinding]:
    """Check the address of the web server. If it is in use, the web server is probably running."""
    number, fault = listening_fault(settings.web_bind)
    if not fault:
        yield DoctorFinding("address", "ok", f"{settings.web_bind} is free for the web server")
    elif number == errno.EADDRINUSE:
        yield DoctorFinding("address", "ok", f"{settings.web_bind} is in use, probably by the web server")
    else:
        yield DoctorFinding("address", "fail", fault, f"correct {BIND}")


def database_lines(settings: Settings) -> Iterator[DoctorFinding]:
    """Check that the database can be read, and that its schema is of this release."""
    file = settings.database_url.removeprefix("sqlite:///")
    if file != settings.database_url and not Path(file).exists():
        state, todo = ("fail", "session-status db upgrade") if settings.production else ("warn", "session-status up")
        yield DoctorFinding("database", state, f"{file} does not exist yet", todo)
        return
    try:
        database = Database(settings.database_url, environment=settings.environment)
        shown, found = database.place, database.version()
        old = schema_fault(found)
        wrong = "" if old else database_fault(database)
        barred = [] if wrong or old else list(content_lines(database, settings))
        database.dispose()
    except RecordsError as error:
        yield DoctorFinding("database", "fail", str(error), database_remedy(error))
        return
    if old:
        yield DoctorFinding("database", "fail", *parted(old))
    elif wrong:
        yield DoctorFinding("database", "fail", wrong, f"correct the settings; {ENV} says {settings.environment}")
    else:
        yield DoctorFinding("database", "ok", f"{shown}, schema {found}, made for {settings.environment}")
        yield from barred


def content_lines(database: Database, settings: Settings) -> Iterator[DoctorFinding]:
    """Return findings about the content of the database."""
    yield from script_lines(database)
    yield from certificate_lines(database)
    yield from secret_lines(database, settings)
    yield from mail_lines(database, settings)
    if settings.production:
        yield from stand_in_lines(database)


def secret_lines(database: Database, settings: Settings) -> Iterator[DoctorFinding]:
    """Report secrets that no key can decrypt. If they belong to something that is served, no worker starts."""
    for one in unreadable_secrets(settings, database):
        found = f"no key decrypts {secret_in_words(one)}" + (", which is archived" if one.archived else "")
        yield DoctorFinding("secret", "warn" if one.archived else "fail", found, what_to_do(one))


def stand_in_lines(database: Database) -> Iterator[DoctorFinding]:
    """Report settings for development, with which no process starts in production."""
    with database.reading() as db:
        for one in development_stand_ins.every(db):
            yield DoctorFinding("stand-in", "fail", described(one), remedy(one))


def script_lines(database: Database) -> Iterator[DoctorFinding]:
    """Report suspended versions, and versions whose runs crashed the interpreter."""
    now = datetime.now(UTC)
    with database.reading() as db:
        for slug, version in versions.suspended(db):
            found = f"version {version.number} of {slug} is suspended: {version.suspended_reason}"
            yield DoctorFinding(
                "script", "warn", found, "treat it as an attack: keep the trace, and talk to the author"
            )
        for owner in implementations.every(db):
            if owner.stopped_at is not None:
                found = f"all scripts of {owner.slug} are stopped: {owner.stopped_reason}"
                yield DoctorFinding("script", "warn", found, f"session-status script go-on {owner.slug}")
            numbers = {version.sha256: version.number for version in versions.versions(db, owner)}
            died = crashes.between(db, owner, now - CRASHES_FOR, now)
            for sha256 in dict.fromkeys(crash.version for crash in died):
                mine = [crash for crash in died if crash.version == sha256]
                found = (
                    f"version {numbers.get(sha256, sha256[:12])} of {owner.slug} crashed the interpreter in"
                    f" {counted(len(mine), 'run')} of the last {CRASHES_FOR // ONE_HOUR} hours, last in run {mine[-1].run}:"
                    f" {mine[-1].where}"
                )
                yield DoctorFinding(
                    "script", "warn", found, "use the newest Python, and examine the script as a possible attack"
                )


def certificate_lines(database: Database) -> Iterator[DoctorFinding]:
    """Report certificates that expire soon: those of identity providers and our own."""
    with database.reading() as db:
        slugs = {one.id: one.slug for one in implementations.every(db) if one.archived_at is None}
        for certificate in saml.expiring(db):
            slug = slugs.get(certificate.implementation_id)
            if slug is None:
                continue
            found = f"a certificate of the identity provider of {slug} expires on {certificate.not_after:%Y-%m-%d}"
            yield DoctorFinding(
                "login", "warn", found, f"session-status saml refresh {slug}; then accept the new one in the console"
            )
        for own in saml.own_expiring(db):
            if own.implementation_id not in slugs:
                continue
            found = f"our {own.use} certificate for {slugs[own.implementation_id]} expires on {own.not_after:%Y-%m-%d}"
            yield DoctorFinding("login", "warn", found, "change our keys in the console, on the page Identity provider")


def store_lines(settings: Settings) -> Iterator[DoctorFinding]:
    """Check the store, and the workers that are registered there."""
    if settings.redis_url:
        yield from answering_store(settings, store_checkup(settings.redis_url))
        return
    try:
        with EmbeddedStore() as own:
            found = store_checkup(own.url)
    except StoreError as error:
        yield DoctorFinding("store", "fail", str(error), "set REDIS_URL, or install a server")
        return
    yield DoctorFinding("store", "ok", f"none is set; an embedded one starts when it is needed ({found.server})")
    yield DoctorFinding("workers", "warn", "not checked: nothing is running", "session-status up")


def answering_store(settings: Settings, found: StoreCheckup) -> Iterator[DoctorFinding]:
    """Check the store in the settings."""
    if found.fault:
        yield DoctorFinding("store", "fail", found.fault, found.remedy)
        return  # workers register in the store, so without writes they are unknown
    yield mark_line(settings, found)
    if found.policy not in ("", "noeviction"):
        todo = "set it to noeviction: evicted keys are lost work"
        yield DoctorFinding("eviction", "fail", f"maxmemory-policy is {found.policy}", todo)
    yield from memory_lines(found)
    if found.persists is False:
        yield DoctorFinding(
            "persistence",
            "warn",
            "the append-only file is off",
            "set appendonly yes: otherwise a restart forgets which logins have ended",
        )
    if abs(found.ahead_s) > CLOCKS_S:
        todo = "synchronize both by NTP: logins are refused if a clock is off by 90 seconds"
        yield DoctorFinding("clock", "warn", f"this machine and the store differ by {abs(found.ahead_s)} s", todo)
    yield from worker_lines(settings, found)


def mark_line(settings: Settings, found: StoreCheckup) -> DoctorFinding:
    """Check what the store was made for. An empty store is marked by the first process that starts, not by doctor."""
    server = f"{found.server}, {found.used} used"
    counts_as = found.mark or ("production" if not found.empty else settings.environment)
    if counts_as == settings.environment:
        return DoctorFinding("store", "ok", f"{server}, {f'made for {found.mark}' if found.mark else 'not marked yet'}")
    why = "it was made for" if found.mark else "it contains data and has no mark, so it counts as"
    todo = f"correct REDIS_URL or {ENV}; to change its purpose: session-status store mark {settings.environment}"
    return DoctorFinding("store", "fail", f"{server}; {why} {counts_as}", todo)


def jail(settings: Settings | None) -> Iterator[DoctorFinding]:
    """Start the jail and run the probes, which try to break out."""
    found = jail_checkup(settings)
    weak = settings is not None and settings.sandbox_allow_weak
    state = "ok" if not found.objection else "warn" if weak and found.started else "fail"
    yield DoctorFinding("jail", state, found.layers or "could not be examined", found.objection)
    if found.started:
        yield DoctorFinding(
            "probes", "ok" if not found.leaks else "warn" if weak else "fail", f"attempts to break out: {found.probes}"
        )
