"""The known service providers: the implementations of the service, and no others.

Their names and addresses are built from the service's public address, as the service itself builds them; they are never
taken from a message. The database says for each message whether there is such an implementation, and which
certificates it signs with.
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
    """Finds service providers. `certificates` returns those of an implementation by its slug, none if there is none."""

    def __init__(self, *, public_url: str, certificates: Callable[[str], tuple[str, ...]]) -> None:
        self._base = f"{public_url.rstrip('/')}/saml/"
        self._certificates = certificates

    def find(self, entity_id: str) -> ServiceProvider | None:
        """Return the service provider with exactly this name."""
        slug = entity_id.removeprefix(self._base).removesuffix("/metadata")
        if not fields.SLUG.fullmatch(slug) or entity_id != f"{self._base}{slug}/metadata":
            return None
        certificates = self._certificates(slug)
        if not certificates:
            return None
        return ServiceProvider(slug, entity_id, f"{self._base}{slug}/acs", f"{self._base}{slug}/slo", certificates)
