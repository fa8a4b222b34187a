"""The settings of the web application, as one frozen value.

Every address that we publish is built from `public_url`, never from a request, so a spoofed Host header has no effect.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from runner.settings.operator_settings import Settings
from runner.settings.readers import Network

#: Names by which a browser on the developer's own machine may reach us.
LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, kw_only=True)
class WebConfig:
    """The settings of the web application. The last of `secret_keys` signs; the others only verify."""

    public_url: str
    production: bool
    secret_keys: tuple[str, ...] = field(repr=False)
    #: how many proxies in front of us add to X-Forwarded-For; 0 trusts none
    trusted_proxies: int = 0
    #: origins besides our own whose pages may frame the widget
    widget_frames: tuple[str, ...] = ()
    #: networks of venues: thousands of attendees share one address there
    venue_networks: tuple[Network, ...] = ()
    #: the longest time that a request may wait for a first answer, in seconds
    longest_wait_s: float = 0.8
    #: whether notices are sent by mail
    mailing: bool = False

    @classmethod
    def from_settings(cls, settings: Settings) -> WebConfig:
        """Take what the web application needs. The settings name the signing key first; signers expect it last."""
        return cls(
            public_url=settings.public_url,
            production=settings.production,
            secret_keys=tuple(reversed(settings.keys)),
            trusted_proxies=settings.trusted_proxies,
            widget_frames=settings.widget_frames,
            venue_networks=settings.venue_networks,
            longest_wait_s=settings.web_wait_s,
            mailing=settings.mailing,
        )

    @property
    def secure(self) -> bool:
        """Whether the public address is https."""
        return self._address.scheme == "https"

    @property
    def trusted_hosts(self) -> frozenset[str]:
        """The values of the Host header that we accept, in lower case."""
        return frozenset(host for _, host in self._addresses())

    @property
    def origins(self) -> frozenset[str]:
        """The values of the Origin header that count as our own pages."""
        return frozenset(f"{scheme}://{host}" for scheme, host in self._addresses())

    def absolute(self, path: str) -> str:
        """Return the public address of a local path, which must start with a slash."""
        return self.public_url.rstrip("/") + path

    @property
    def _address(self) -> SplitResult:
        return urlsplit(self.public_url)

    def _addresses(self) -> list[tuple[str, str]]:
        scheme, port = self._address.scheme, self._address.port
        usual = {"https": 443, "http": 80}[scheme]
        name = self._address.hostname or ""
        names = [f"[{name}]" if ":" in name else name]
        if not self.production:
            names += LOOPBACK_NAMES
        ports = [f":{port}"] if port and port != usual else ["", f":{usual}"]
        return [(scheme, each + suffix) for each in names for suffix in ports]
