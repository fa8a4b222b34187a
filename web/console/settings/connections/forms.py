"""The form of a connection: its fields become the draft that `records.tenants.connections` checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from records import AUTH_KINDS, METHODS, Connection, ConnectionDraft
from records.tenants.connection_limits import LIMITS
from web.forms.base_form import BaseForm
from web.forms.fields import (
    CheckboxesField,
    ChoiceField,
    LineField,
    LinesField,
    SecretField,
    YesNoField,
)
from web.forms.setting_fields import with_limits

#: The kinds of credential in the words of vendors' manuals, each with its fields apart from the secret.
KINDS = (
    ("none", "None", ()),
    ("basic", "User name and password (HTTP Basic)", ("user",)),
    ("bearer", "A fixed token (Bearer)", ()),
    ("api_key_header", "An API key in a header", ("header_name",)),
    ("api_key_parameter", "An API key in the address", ("parameter_name",)),
    ("oauth2_client_credentials", "OAuth 2 client credentials", ("oauth_url", "client_id", "scope")),
)

#: Fields of the form that the credential names differently.
_CREDENTIAL_NAMES = {"header_name": "name", "parameter_name": "name", "oauth_url": "token_url"}

#: The fields that are stored as they are typed.
AS_TYPED = (
    *("name", "base_url", "auth_kind", "methods", "path_prefixes", "follow_redirects", "development"),
    *(each.name for each in LIMITS),
)


@with_limits
class ConnectionForm(BaseForm):
    """A connection: the vendor's address, what may be called there, and the credential."""

    name = LineField(
        "Name",
        description='The script calls the connection by this name: api.get("ethosce", …). It can never be changed.',
    )
    base_url = LineField(
        "Address", description="Must start with https://. The paths that the script calls are added to it."
    )
    auth_kind = ChoiceField("Credential", choices=[(kind, words) for kind, words, _ in KINDS])
    user = LineField("User name")
    header_name = LineField("Name of the header", description="Such as X-Api-Key.")
    parameter_name = LineField(
        "Name of the parameter", description="Such as api_key. Prefer a header if the vendor offers one."
    )
    oauth_url = LineField("Address of the token server")
    client_id = LineField("Client ID")
    scope = LineField("Scope", description="Only if the vendor asks for one.")
    secret = SecretField("Password, token, key or client secret")
    methods = CheckboxesField("What the script may do", choices=[("GET", "Read (GET)"), ("POST", "Write (POST)")])
    path_prefixes = LinesField(
        "Paths that may be called", description="The start of a path, one a line. / alone allows every path."
    )
    follow_redirects = YesNoField("Follow redirects; each is checked like the address itself")
    development = YesNoField("This connection leads to this machine itself (development only)")

    @property
    def fields_of(self) -> Mapping[str, str]:  # type: ignore[override]  # the kind of credential decides
        """Where the rule's names of the fields beside a credential stand on the page."""
        return {
            f"auth_fields.{_CREDENTIAL_NAMES.get(name, name)}": name
            for name in _credential_fields(self.auth_kind.value)
        }

    def show(self, connection: Connection) -> None:
        """Fill in what is known and not secret."""
        values = {name: getattr(connection, name) for name in AS_TYPED}
        values |= {
            name: connection.auth_fields.get(_CREDENTIAL_NAMES.get(name, name), "")
            for name in _credential_fields(connection.auth_kind)
        }
        self.process(formdata=None, data=values)

    def draft(self, name: str) -> ConnectionDraft:
        """Return what was typed as a draft; numbers left empty are those of a new connection."""
        values: dict[str, Any] = {field: self[field].value for field in AS_TYPED}
        usual = {field: getattr(ConnectionDraft(name="", base_url=""), field) for field in AS_TYPED}
        values = {field: usual[field] if value is None else value for field, value in values.items()}
        values |= {"name": name, "methods": tuple(values["methods"]), "path_prefixes": tuple(values["path_prefixes"])}
        return ConnectionDraft(**values, auth_fields=self._auth_fields(), secret=self.secret.value)

    def _auth_fields(self) -> dict[str, Any]:
        kind = self.auth_kind.value
        values = {_CREDENTIAL_NAMES.get(name, name): self[name].value for name in _credential_fields(kind)}
        return {name: value for name, value in values.items() if value or AUTH_KINDS.get(kind, {}).get(name)}


class ConnectionTestForm(BaseForm):
    """The path of a test call."""

    path = LineField("Path", description="One GET call is made, as a script would make it.")


def _credential_fields(kind: str) -> tuple[str, ...]:
    return next((fields for name, _, fields in KINDS if name == kind), ())


def usual() -> dict[str, Any]:
    """Return the values with which a new connection begins."""
    draft = ConnectionDraft(name="", base_url="https://")
    values = {name: getattr(draft, name) for name in AS_TYPED}
    return values | {"methods": [METHODS[0]], "path_prefixes": ["/"]}
