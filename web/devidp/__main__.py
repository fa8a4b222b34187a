"""`python -m web.devidp PORT`: the development identity provider as a process. `session-status up` calls `main` in a fork."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from records import Database, SecretBox
from records.identity import saml_providers as saml
from records.tenants import implementations
from runner.logs.process_log import start_log
from runner.settings.operator_settings import Settings
from web import loopback_server

from .app import create_idp
from .identity import FOLDER, identity
from .service_providers import ServiceProviders


class ImplementationCertificates:
    """The certificates of the service's implementations, from its database."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box

    def certificates(self, slug: str) -> tuple[str, ...]:
        """Return the signing certificates of an implementation; none if there is no such implementation."""
        with self._database.session() as db:
            found = implementations.find(db, slug)
            keys = saml.sp_keys(db, self._box, found) if found else None
        return tuple(one.certificate for one in (keys.signing, keys.next_signing) if one) if keys else ()


def main(arguments: list[str], environment: Mapping[str, str]) -> None:
    """Serve on the port of the first argument, on this machine only, until killed."""
    settings = Settings.from_environment(environment)
    start_log(settings)
    loopback_server.require_development(
        settings, "The development identity provider is for development only: anyone can log in as anyone."
    )
    port = loopback_server.port_of(arguments)
    known = ImplementationCertificates(
        Database(settings.database_url, environment=settings.environment), SecretBox(settings.keys)
    )
    app = create_idp(
        identity(settings.data_folder / FOLDER, f"http://{loopback_server.HOST}:{port}"),
        ServiceProviders(public_url=settings.public_url, certificates=known.certificates),
        service_url=settings.public_url,
        app_origins=settings.widget_frames,
    )
    loopback_server.serve(app, port)


if __name__ == "__main__":
    main(sys.argv[1:], os.environ)
