"""Development stand-ins in the records, which production must not contain, however they got there.

At the development identity provider anybody can log in as anybody. Addresses on this machine or without TLS can be answered
or read by others. A request that would use a stand-in is refused; this module finds them all beforehand, so that no process
in production starts with one. Archived implementations are ignored, because they are not served.

1. An identity provider that has the entity ID of the development one, is marked as development, or has an address with
   plain http or on this machine.
2. External Authentication that is marked as development, or has an address with plain http or without a public host.
3. A connection, by the same rules.
4. A role that `session-status up` gave to one of its sample people.
5. A webhook, by the rules of connections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from records import fields, ip_addresses
from records.identity import external_auth, external_auth_kinds, saml_providers
from records.people import grants
from records.tenants import connections, implementations
from records.tenants.implementations import Implementation
from records.webhooks import webhook

#: The actor of `session-status up`, in grants and audit entries.
UP = "session-status up"


@dataclass(frozen=True)
class StandIn:
    """One stand-in: its implementation (the slug), what it is, and why production must not contain it."""

    implementation: str
    kind: str  #: identity provider, External Authentication, connection, role, webhook
    name: str  #: which one; "" if there is one at most
    fault: str


def every(db: Session) -> list[StandIn]:
    """Return all stand-ins of all implementations that are served."""
    return [
        one for owner in implementations.every(db) if owner.archived_at is None for one in of_implementation(db, owner)
    ]


def of_implementation(db: Session, owner: Implementation) -> list[StandIn]:
    """Return the stand-ins of one implementation, archived or not."""
    return [one for look in (_providers, _external, _connections, _grants, _webhooks) for one in look(db, owner)]


def _providers(db: Session, owner: Implementation) -> Iterator[StandIn]:
    # 1.
    found = saml_providers.find(db, owner)
    if found is None:
        return
    addresses = {name: getattr(found, name) for name in ("sso_url", "slo_url", "metadata_url")}
    faults = list(_faults(addresses, ip_addresses.is_this_machine, development=found.development))
    if found.entity_id == saml_providers.DEVELOPMENT_ENTITY_ID:
        faults.insert(0, "is that of development, at which anybody can log in as anybody")
    if faults:
        yield StandIn(owner.slug, "identity provider", "", " and ".join(faults))


def _external(db: Session, owner: Implementation) -> Iterator[StandIn]:
    # 2.
    found = external_auth.find(db, owner)
    if found is None:
        return
    addresses = {name: found.fields.get(name) for name in external_auth_kinds.ADDRESSES}
    faults = list(_faults(addresses, ip_addresses.is_not_public, development=found.development))
    if faults:
        yield StandIn(owner.slug, "External Authentication", "", " and ".join(faults))


def _connections(db: Session, owner: Implementation) -> Iterator[StandIn]:
    # 3.
    for one in connections.every(db, owner):
        addresses = {"base_url": one.base_url, "token_url": one.auth_fields.get("token_url", "")}
        faults = list(_faults(addresses, ip_addresses.is_not_public, development=one.development))
        if faults:
            yield StandIn(owner.slug, "connection", one.name, " and ".join(faults))


def _grants(db: Session, owner: Implementation) -> Iterator[StandIn]:
    # 4.
    for one in grants.every(db, owner):
        if one.created_by == UP:
            yield StandIn(owner.slug, "role", str(one.id), f"makes {one.value} {one.role}, and was given by `{UP}`")


def _webhooks(db: Session, owner: Implementation) -> Iterator[StandIn]:
    # 5.
    found = webhook.find(db, owner)
    if found is None:
        return
    faults = list(_faults({"address": found.address}, ip_addresses.is_not_public, development=found.development))
    if faults:
        yield StandIn(owner.slug, "webhook", "", " and ".join(faults))


def _faults(addresses: Mapping[str, object], is_here: Callable[[str], bool], *, development: bool) -> Iterable[str]:
    """Yield what is wrong with addresses; `development` is the row's own mark."""
    if development:
        yield "is marked as development"
    for name, address in addresses.items():
        fault = _fault(str(address), is_here) if address else ""
        if fault:
            yield f"has a {name} {fault}"


def _fault(address: str, is_here: Callable[[str], bool]) -> str:
    """Say what is wrong with an address; "" if nothing is. The address may be any text."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return "that cannot be read"
    if parts.scheme != "https":
        return f"without TLS ({parts.scheme}://{parts.netloc.rpartition('@')[2]})"
    if is_here(host):
        return f"that does not lead to a public host ({host})"
    # Other spellings of this machine (localhost., 127.1, 0x7f000001) are not hosts that could be saved.
    try:
        fields.url(address)
    except ValueError as error:
        return f"that could not be saved: it {error}"
    return ""
