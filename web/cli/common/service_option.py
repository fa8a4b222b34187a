"""`--service`: where the service is, for commands that authors use without a shell on its server."""

from __future__ import annotations

from urllib.parse import urlsplit

import click

#: The environment variable in place of the option.
SERVICE = "SESSION_STATUS_SERVICE"
#: Hosts to which plain HTTP is allowed, because nothing leaves this machine.
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class ServiceAddress(click.ParamType[str]):
    """The address of a service: https, or http on this machine, because the author token is sent there."""

    name = "address"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the address without a slash at its end."""
        try:
            parts = urlsplit(value.strip())
            good = parts.hostname and not (parts.query or parts.fragment or parts.username or parts.password)
            _ = parts.port
        except ValueError:
            good = False
        if not good or parts.scheme not in ("http", "https"):
            self.fail("must be the address of a service, such as https://status.example.org", param, ctx)
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            self.fail("must begin with https://, because your author token is sent there", param, ctx)
        return parts.geturl().rstrip("/")


service_option = click.option(
    "--service",
    type=ServiceAddress(),
    envvar=SERVICE,
    help="The service that script submit, status, versions and diff, and runs list, show and tail ask, with the author token in "
    f"SESSION_STATUS_TOKEN. [env var: {SERVICE}]",
)


def service_of(ctx: click.Context) -> str | None:
    """Return the address in --service of the whole command; None without one."""
    found = ctx.find_root().params.get("service")
    return str(found) if found else None
