"""What all pages of the demo process share: the vendors' data, switches, keys, and addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from flask import Flask, current_app

from .agenda import PEOPLE
from .facts.fact_pushes import FactPushes
from .ledger import Ledger
from .switches import Switchboard
from .vendor_keys import VendorKeys

#: The key of `app.extensions` that holds the services.
_KEY = "services of the demo"


@dataclass(frozen=True)
class DemoServices:
    """Made once at start. Addresses have no slash at the end."""

    ledger: Ledger
    switches: Switchboard
    keys: VendorKeys
    service_url: str  #: the public address of the service
    fact_pushes: FactPushes
    own_url: str  #: where this process answers

    def attach(self, app: Flask) -> None:
        """Make these the services of an application."""
        app.extensions[_KEY] = self

    def name_of(self, user: str) -> str:
        """The name of a person of the sample event, as the vendors know it."""
        return next((person.name for person in PEOPLE if person.member_number == user), "a visitor")

    def safe_return(self, address: str) -> str | None:
        """The address if it leads back to the service, so that this page is no open redirect."""
        wanted, service = urlsplit(address), urlsplit(self.service_url)
        same = (wanted.scheme, wanted.netloc) == (service.scheme, service.netloc)
        return address if same and wanted.path.startswith("/r/") else None


def demo_services() -> DemoServices:
    """Return the services of the application that answers the present request."""
    return cast(DemoServices, current_app.extensions[_KEY])
