"""Trials with real vendors: what a trial takes from an implementation, and powers over its connections.

The secrets are opened here and stay in this process. The script gets what every script gets.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

from records import Database, SecretBox
from records.tenants import connections, implementations
from runner.powers import LivePowers, VendorServices, vendor_connection
from runner.settings.operator_settings import Settings
from runner.settings.run_budgets import limits_of
from runner.store.clients import connect_brief
from sandbox import RunLimits

from .trial_input import TrialInput
from .trial_terms import TrialTerms

#: An address where nothing answers: without a store, calls are made without limits and breakers.
NOWHERE = "unix:///nonexistent"


class LiveVendors:
    """The vendors of one implementation, for any number of trials. Raises LookupError if there is no implementation."""

    def __init__(self, settings: Settings, database: Database, slug: str) -> None:
        with database.reading() as db:
            found = implementations.find(db, slug)
            if found is None:
                raise LookupError(slug)
            opened = connections.open_all(db, SecretBox(settings.keys), found)
        allowed = settings.allow_loopback_vendors
        self._connections = {
            name: vendor_connection(each) for name, each in opened.items() if allowed or not each.development
        }
        self._settings = dict(found.script_settings)
        self._link_hosts = tuple(found.link_hosts)
        self._limits: RunLimits = limits_of(found, settings.most)
        self._allow_loopback = allowed
        self._redis = connect_brief(settings.redis_url or NOWHERE, environment=settings.environment)
        self._vendors = VendorServices(
            redis=self._redis, allow_loopback=allowed, tls_ca_file=settings.vendor_ca_file or None
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._vendors.close()
        self._redis.close()

    def terms(self, trial_input: TrialInput) -> TrialTerms:
        """Return the terms of a trial; what INPUT leaves out comes from the implementation."""
        hosts = trial_input.link_hosts if trial_input.link_hosts is not None else self._link_hosts
        return TrialTerms(
            trial_input.script_input(self._settings), hosts, self._limits, allow_loopback=self._allow_loopback
        )

    def powers(self) -> LivePowers:
        """Return the powers of one trial, which gets no cached answers."""
        return self._vendors.powers(self._connections, fresh=True)
