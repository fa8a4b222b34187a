"""The bundle of a version: everything that all its runs have in common, so that a run itself reads little from the database.

It holds opened secrets, so it never leaves the worker process. It is dropped as soon as its implementation changes.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field

from records import Database, Implementation, OpenedConnection, SecretBox, editions
from records.scripts import deployments, versions
from records.tenants import connections, implementations
from runner.powers import VendorConnection, vendor_connection
from runner.settings.run_budgets import limits_of
from runner.status.settings_messages import fallback_of
from runner.status.status_body import ShownMessage
from runner.status.ttl_cache import TtlCache
from sandbox import CheckResult, Finding, RunLimits, Sandbox, ScriptError, Severity

from .script_lines import Lines, lines_of
from .security_alarm import raise_alarm
from .text_needs import needs_of

BUNDLE_S = 30.0
#: Bundles of one worker process.
MOST = 500

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class VersionBundle:
    """What a run of this version needs. `code` is None if the version is refused; `refusal` then says why."""

    implementation: Implementation  #: detached; for its plain fields
    version: str  #: SHA-256
    edition: str  #: as in `records.editions`
    limits: RunLimits
    link_hosts: frozenset[str]
    fallback: ShownMessage | None
    connections: dict[str, VendorConnection] = field(repr=False)
    code: bytes | None = field(repr=False)
    refusal: ScriptError | None = None
    status_lines: Lines | None = None  #: the lines of `status` in the text
    active: str = ""  #: SHA-256 of the active version, if this one is staged: it is run if this one fails
    prepares: bool = False  #: it has a function prepare(session, api)
    allow_loopback: bool = False  #: in development, links to this machine are allowed


class VersionBundles:
    """Reads bundles and keeps them for a while. Thread-safe."""

    def __init__(
        self, *, database: Database, box: SecretBox, sandbox: Sandbox, most: RunLimits, allow_loopback: bool
    ) -> None:
        self._database = database
        self._box = box
        self._sandbox = sandbox
        self._most = most
        self._allow_loopback = allow_loopback
        self._bundles = TtlCache(self._read, life_s=BUNDLE_S, most=MOST)
        self._checking = threading.Lock()

    def get(self, implementation: str, version: str) -> VersionBundle | None:
        """The bundle, or None if the version is gone or suspended, or scripts are stopped."""
        return self._bundles.get(implementation, version)

    def drop(self, implementation: str | None) -> None:
        """Forget the bundles of one implementation, or all."""
        self._bundles.drop(implementation)

    def _read(self, slug: str, sha256: str) -> VersionBundle | None:
        with self._database.reading() as db:
            found = implementations.find(db, slug)
            version = versions.find_version(db, found, sha256) if found else None
            if found is None or version is None or version.suspended_at is not None or found.stopped_at is not None:
                return None
            opened, unreadable = connections.open_usable(db, self._box, found)
            source = version.source
            edition = editions.edition(db, found, version)
            code = versions.code_for(db, version, self._sandbox.report.runtime)
            live, prepares = deployments.live(db, found), bool(version.prepares)
        if unreadable:
            log.error("secrets do not open implementation=%s connections=%s", slug, ",".join(unreadable))
        refusal = None
        if code is None:
            code, refusal, prepares = self._compile(found, sha256, source)
        return VersionBundle(
            implementation=found,
            version=sha256,
            edition=edition,
            limits=limits_of(found, self._most),
            link_hosts=frozenset(found.link_hosts),
            fallback=fallback_of(found),
            connections=self._usable(opened),
            code=code,
            refusal=refusal,
            status_lines=lines_of(source),
            active=live.active[1].sha256 if live.active and live.is_staged(version) else "",
            prepares=prepares,
            allow_loopback=self._allow_loopback,
        )

    def _compile(
        self, implementation: Implementation, sha256: str, source: str
    ) -> tuple[bytes | None, ScriptError | None, bool]:
        """Check a version again whose last check was for another runtime.

        Returns its code, or why it is refused, and whether it has a function prepare.
        """
        with self._checking:
            with self._database.reading() as db:  # another thread may have done it meanwhile
                version = versions.find_version(db, implementation, sha256)
                code = versions.code_for(db, version, self._sandbox.report.runtime) if version else None
                if version is not None and code is not None:
                    return code, None, bool(version.prepares)
            log.info("checking again implementation=%s version=%.12s", implementation.slug, sha256)
            checked = self._sandbox.check(source)
            if checked.alarm:
                raise_alarm(self._database, implementation.slug, sha256, what=checked.findings[0].why)
            if checked.code is None:
                refusal = refusal_of(checked)
                log.error(
                    "refused by this runtime implementation=%s version=%.12s why=%s",
                    *(implementation.slug, sha256, refusal.text),
                )
                return None, refusal, False
            with self._database.session() as db:
                version = versions.find_version(db, implementation, sha256)
                if version:
                    versions.keep_code(db, version, self._sandbox.report.runtime, checked.code)
                    versions.keep_needs(db, version, needs_of(checked))
            return checked.code, None, checked.prepares

    def _usable(self, opened: dict[str, OpenedConnection]) -> dict[str, VendorConnection]:
        """Return the connections, without those that lead to this machine unless that is allowed."""
        refused = [name for name, each in opened.items() if each.development and not self._allow_loopback]
        if refused:
            log.warning("connections of development left out names=%s", ",".join(refused))
        return {name: vendor_connection(each) for name, each in opened.items() if name not in refused}


def refusal_of(checked: CheckResult) -> ScriptError:
    """The first finding that keeps the script from running."""
    errors = [finding for finding in checked.findings if finding.severity is Severity.ERROR]
    first = errors[0] if errors else Finding("unknown", 1, 1, "refused", "", "")
    return ScriptError(type=first.rule, line=first.line, text=f"{first.what}: {first.why}")
