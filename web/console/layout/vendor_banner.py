"""The banner about vendors that are slow or fail, on every page of their implementation, and what it is drawn from.

A person sees it who may see the settings of the implementation. While the store is away nothing is known about vendors, and
the page is shown without the banner.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask

from records import Implementation
from records.tenants import connections
from runner.powers.connection_health import ConnectionHealth, HealthState, read_health
from runner.store.errors import StoreAway
from web.auth.services import AuthServices
from web.auth.staff.staff_member import member
from web.permissions import Permission


def install(app: Flask) -> None:
    """Give the frame the function `vendor_news(implementation)`."""
    app.jinja_env.globals["vendor_news"] = vendor_news


def vendor_news(implementation: Implementation) -> list[ConnectionHealth]:
    """Return the connections that are in trouble, or were until a short time ago, if the person may see them."""
    person = member()
    if person is None or not person.may(Permission.SEE_SETTINGS, implementation.slug):
        return []
    with AuthServices.here().database.reading() as db:
        names = connections.names(db, implementation)
    healths = health_of(implementation.slug, names)
    return [each for each in healths if each and (each.in_trouble or each.state is HealthState.AGAIN)]


def health_of(implementation: str, names: Sequence[str]) -> Sequence[ConnectionHealth | None]:
    """Return the health of these connections, in their order; None for each while the store is away."""
    try:
        return read_health(AuthServices.here().store.redis, implementation, names)
    except StoreAway:
        return [None] * len(names)
