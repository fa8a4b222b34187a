"""Reasons for refusing a login, besides those for refusing its message: explained for operators and support.

In the log they follow `code=`. The reasons for refusing a message are in `web.auth.saml.protocol.codes` and
`web.auth.external.codes`.
"""

from __future__ import annotations

from types import MappingProxyType

from web.auth.external import codes as external
from web.auth.saml.protocol.codes import CODES as MESSAGE_CODES

#: code -> what it means and what usually helps.
CODES: dict[str, str] = {
    # during the login
    "form": "The posted form is not that of an identity provider: a field is missing or occurs twice.",
    "no-provider": "The implementation has no identity provider.",
    "development-only": "The identity provider was saved for development only, and this is production. Connect a real one.",
    "own-key": "Our own SAML key cannot be decrypted with the keys of this server. Compare SESSION_STATUS_SECRET_KEYS_OLD.",
    "no-arrival": "The one-time address was used before, has expired, or belongs to another implementation.",
    "another-browser": "The login was started in another browser, or this browser does not accept cookies.",
    # the person
    "subject-transient": "The NameID changes at each login. Set a subject attribute, or let the provider send a persistent NameID.",
    "subject-missing": "The provider does not send the subject attribute that is set here.",
    "subject-many": "The provider sends several values of the subject attribute, so none of them can be the key.",
    "subject-unusable": (
        "The key of the person is empty, longer than 255 characters, has spaces or line breaks around it, or contains"
        " control characters."
    ),
    # admission
    "no-implementation": "The implementation no longer exists.",
    "other-provider": "This person first logged in by another provider. An administrator can transfer people to the new one.",
    "locked-out": "An administrator has locked this person out.",
    "unkeepable": "What the provider says about the person cannot be stored. The field follows.",
    "session-over": "The provider says that this login has ended already.",
}

#: Reasons for refusing an app's login before it starts or when it ends: code -> what it means and what usually helps.
APP_CODES = MappingProxyType(
    {
        "app-parameter-twice": "The request of the app contains a parameter twice.",
        "app-redirect-not-registered": (
            "The app's redirect_uri is not registered for the implementation. It must match exactly: compare it with the "
            "page The app."
        ),
        "app-redirect-removed": "The app's redirect_uri was removed from the page The app while the person was logging in.",
        "app-state": "The app's state is not 16 to 256 visible ASCII characters.",
        "app-challenge": "The app's code_challenge is not 43 characters with code_challenge_method=S256 (PKCE).",
        "app-response-type": "The app requested a response_type other than code.",
        "app-start-over": "The login for the app took more than 15 minutes, or its address was used before.",
        "app-starts-too-many": "Too many logins were started from one address.",
    }
)

#: All reasons that can appear in the log for a SAML login.
EVERY_CODE: dict[str, str] = {**MESSAGE_CODES, **CODES}

#: Prefixes of the views that refuse logins by External Authentication.
_EXTERNAL = ("external.", "app_tokens.")


def meaning_of(code: str, view: str) -> str:
    """Return what the code of a refused login means; "" if it is not explained. Some codes mean different things in two views."""
    if view.startswith(_EXTERNAL):
        return CODES.get(code) or external.meaning_of(code)
    return EVERY_CODE.get(code) or APP_CODES.get(code, "")
