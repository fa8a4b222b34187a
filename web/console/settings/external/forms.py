"""The forms of External Authentication, one for each kind. They make the draft that `records.identity.external_auth` checks."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

from records import FieldFault, RuleViolation
from records.identity.external_auth_kinds import PASSWORD_AUTH, RESULT
from records.identity.public_keys import ALGORITHMS
from web.console.settings.connections.forms import KINDS as CREDENTIALS
from web.forms.base_form import BaseForm
from web.forms.fields import (
    ChoiceField,
    DropdownField,
    LineField,
    LinesField,
    SecretField,
    YesNoField,
)
from web.forms.json_field import JsonField

#: Each kind: its name on pages, and when to choose it.
KINDS = (
    (
        "jwt",
        "Signed assertion (JWT)",
        "The organizer's site signs who a person is. The best of the three, because no password passes through us.",
    ),
    (
        "introspection",
        "Token introspection",
        "The app holds a token from the organizer, and we ask the organizer's server whose it is.",
    ),
    (
        "password",
        "Password relay",
        (
            "People type a badge ID and a last name, or a password, and we ask the registration vendor. Use it only if "
            "nothing else is possible: anyone who knows both can log in."
        ),
    ),
)

#: The credentials that our call to a registration vendor can use: some of those of a connection.
AUTH_KINDS = tuple((kind, words, names) for kind, words, names in CREDENTIALS if kind in PASSWORD_AUTH)


class KindForm(BaseForm):
    """What the forms of all kinds share."""

    #: the fields that are stored as they are typed, by the name of the rule
    as_typed: tuple[str, ...] = ()

    development = YesNoField("This service is on this machine itself (development only)")

    def draft_fields(self) -> dict[str, Any]:
        """Return the fields of the draft."""
        return self.values(*self.as_typed)

    def show(self, stored: dict[str, Any], *, development: bool) -> None:
        """Fill in what is stored and not secret."""
        self.process(formdata=None, data={**stored, "development": development})

    def refuse_unreadable(self) -> None:
        """Raise RuleViolation for JSON that cannot be read, with where and why."""
        faults = [FieldFault(field.name, field.fault) for field in self if isinstance(field, JsonField) and field.fault]
        if faults:
            raise RuleViolation(faults[0].field, faults[0].reason, more=faults[1:])


class JwtForm(KindForm):
    """An assertion that the organizer's site signs."""

    as_typed = ("issuer", "algorithm", "jwks_url", "login_url")
    fields_of = MappingProxyType({"keys": "jwks"})

    issuer = LineField("Issuer", description="Exactly as in iss.")
    algorithm = DropdownField(
        "Algorithm",
        choices=[(name, name) for name in (*ALGORITHMS, "HS256")],
        description="Choose ES256 or EdDSA if you can.",
    )
    jwks_url = LineField(
        "Address of the public keys (JWKS)",
        description="Must start with https://. Or leave it empty and paste the keys:",
    )
    jwks = JsonField("Public keys (JWKS)", description='Such as {"keys": [ … ]}. Public keys only.')
    login_url = LineField(
        "Login page of the organizer",
        description="Where people who use a browser are sent. Empty: the app brings the assertion.",
    )
    secret = SecretField("Shared key", description="For HS256 only: at least 32 random characters.")

    def draft_fields(self) -> dict[str, Any]:
        """Return the fields of the draft."""
        return super().draft_fields() | {"keys": self.jwks.value or {}}

    def show(self, stored: dict[str, Any], *, development: bool) -> None:
        """Fill in what is stored."""
        super().show({**stored, "jwks": stored.get("keys")}, development=development)


class IntrospectionForm(KindForm):
    """A token that the organizer's server says the owner of."""

    as_typed = ("url", "client_id", "audience")

    url = LineField("Introspection address", description="Must start with https:// (RFC 7662).")
    client_id = LineField("Client ID", description="The ID by which their server knows us.")
    audience = LineField("Audience", description="What client_id or aud must be. Empty: our client ID.")
    secret = SecretField("Client secret")


class PasswordForm(KindForm):
    """A question to the registration vendor about what a person types."""

    as_typed = (
        "url", "auth_kind", "template", "excluded_types", "excluded_text", "opted_out_text", "username_label",
        "password_label",
    )  # fmt: skip
    fields_of = MappingProxyType(
        {
            "auth_fields.user": "user",
            "auth_fields.name": "header_name",
            "result": "result_subject",
            "accepted": "accepted_path",
            "opted_out": "opted_out_path",
        }
    )

    username_label = LineField("First field of the login form", description="Such as Badge ID.")
    password_label = LineField("Second field of the login form", description="Such as Last name.")
    url = LineField(
        "Address of the vendor", description="Must start with https://. It receives a POST with the JSON below."
    )
    auth_kind = ChoiceField("Credential of our call", choices=[(kind, words) for kind, words, _ in AUTH_KINDS])
    user = LineField("User name")
    header_name = LineField("Name of the header", description="Such as X-Api-Key.")
    secret = SecretField("Password, token or key of our call")
    template = JsonField(
        "What is sent", description='JSON that contains "{username}" and "{password}" as whole values.'
    )
    accepted_path = LineField(
        "Accepted if",
        description="A path in the answer, such as result/status. Empty: if the answer contains the subject.",
    )
    accepted_equals = LineField("and is equal to")
    result_subject = LineField(
        "Subject", description="The path of the value that identifies a person for good, such as person/id."
    )
    result_username = LineField("Username")
    result_user_type = LineField("User type")
    result_first_name = LineField("First name")
    result_last_name = LineField("Last name")
    result_badge_id = LineField("Badge ID")
    #: the names of the values that an answer can contain
    result_names = RESULT
    excluded_types = LinesField("User types that may not log in", description="One a line, such as Exhibitor.")
    excluded_text = LineField("What excluded people are told")
    opted_out_path = LineField("Opted out if", description="A path in the answer, such as person/optOut.")
    opted_out_equals = LineField("and is equal to")
    opted_out_text = LineField("What people who opted out are told")

    def draft_fields(self) -> dict[str, Any]:
        """Return the fields of the draft."""
        paths = {name: self[f"result_{name}"].value for name in RESULT}
        return super().draft_fields() | {
            "auth_fields": self._auth_fields(),
            "result": {name: path for name, path in paths.items() if path},
            "accepted": self._condition("accepted"),
            "opted_out": self._condition("opted_out"),
        }

    def show(self, stored: dict[str, Any], *, development: bool) -> None:
        """Fill in what is stored."""
        values = {f"result_{name}": path for name, path in stored.get("result", {}).items()}
        for name in ("accepted", "opted_out"):
            condition = stored.get(name) or {"path": "", "equals": ""}
            values |= {f"{name}_path": condition["path"], f"{name}_equals": _value_text(condition["equals"])}
        credential = stored.get("auth_fields", {})
        values |= {"user": credential.get("user", ""), "header_name": credential.get("name", "")}
        super().show({**stored, **values}, development=development)

    def _auth_fields(self) -> dict[str, Any]:
        by_kind = {"basic": {"user": self.user.value}, "api_key_header": {"name": self.header_name.value}}
        return by_kind.get(self.auth_kind.value, {})

    def _condition(self, name: str) -> dict[str, Any] | None:
        path, equals = self[f"{name}_path"].value, self[f"{name}_equals"].value
        return {"path": path, "equals": _parsed_value(equals)} if path or equals else None


class TryPasswordForm(BaseForm):
    """What a person would type in the login form."""

    username = LineField("First field")
    password = SecretField("Second field")


class TryAssertionForm(BaseForm):
    """An assertion that the organizer's site signed."""

    assertion = SecretField("Assertion", description="The signed JWT, in compact form. It is valid for two minutes.")


class TryTokenForm(BaseForm):
    """A token that the app would bring."""

    token = SecretField("Token")


FORMS: MappingProxyType[str, type[KindForm]] = MappingProxyType(
    {"jwt": JwtForm, "introspection": IntrospectionForm, "password": PasswordForm}
)

#: The values with which a new one begins.
DEFAULTS: MappingProxyType[str, dict[str, Any]] = MappingProxyType(
    {
        "jwt": {"algorithm": "ES256"},
        "introspection": {},
        "password": {
            "username_label": "Badge ID",
            "password_label": "Last name",
            "auth_kind": "none",
            "template": {"badgeId": "{username}", "lastName": "{password}"},
        },
    }
)


def _parsed_value(text: str) -> Any:
    """Read a value to compare with: true, false and numbers are read as JSON, everything else is text."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, str | int | float) else text


def _value_text(value: Any) -> str:
    """Write a value so that it is read back unchanged: a text that looks like a number gets quotes."""
    if not isinstance(value, str):
        return json.dumps(value)
    return value if _parsed_value(value) == value else json.dumps(value, ensure_ascii=False)
