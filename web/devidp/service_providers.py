"""Which service providers are known: the implementations of our own service, and nobody else.

Names and addresses are built from the service's public address, as the service itself builds them; a message can
choose between them but bring none. Whether there is such an implementation, and which certificates it signs with, is
asked of the records at each message.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from records import fields


@dataclass(frozen=True)
class ServiceProvider:
    """One implementation of the service, as SAML sees it; certificates are PEM."""

    slug: str
    entity_id: str
    acs_url: str
    slo_url: str
    certificates: tuple[str, ...]


class ServiceProviders:
    """Finds them. `certificates` returns those of an implementation by its slug, none if there is no such one."""

    def __init__(self, *, public_url: str, certificates: Callable[[str], tuple[str, ...]]) -> None:
        self._base = f"{public_url.rstrip('/')}/saml/"
        self._certificates = certificates

    def find(self, entity_id: str) -> ServiceProvider | None:
        """Return the service provider which has exactly this name."""
        slug = entity_id.removeprefix(self._base).removesuffix("/metadata")
        if not fields.SLUG.fullmatch(slug) or entity_id != f"{self._base}{slug}/metadata":
            return None
        certificates = self._certificates(slug)
        if not certificates:
            return None
        return ServiceProvider(slug, entity_id, f"{self._base}{slug}/acs", f"{self._base}{slug}/slo", certificates)
