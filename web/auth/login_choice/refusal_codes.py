"""The reasons of ours for which nobody is let in, beside those of the guard: explained for operators.

They stand in the log behind `code=`. Those for which a message itself is refused are in `web.auth.saml.protocol.codes`.
"""

from __future__ import annotations

from web.auth.app.codes import CODES as APP_CODES
from web.auth.external import codes as external
from web.auth.saml.protocol.codes import CODES as MESSAGE_CODES

#: code -> what it means and what usually helps, in plain words.
CODES: dict[str, str] = {
    # on the way
    "form": "What was posted is not the form of an identity provider: a field is missing or came twice.",
    "no-provider": "The implementation has no identity provider.",
    "development-only": "The identity provider was saved for development only, and this is production. Connect a real one.",
    "own-key": "The key of our side does not open with the keys of this server. Compare SESSION_STATUS_SECRET_KEYS_OLD.",
    "no-arrival": "The one-time address was used before, came too late, or is of another implementation.",
    "another-browser": "The login was begun in another browser, or this one keeps no cookies.",
    # about whom
    "subject-transient": "The NameID is another one at each login. Set a subject attribute, or send a persistent NameID.",
    "subject-missing": "The provider does not send the subject attribute of the settings.",
    "subject-many": "The provider sends several values of the subject attribute, so none of them is a key.",
    "subject-unusable": (
        "The key of the person is empty, longer than 255 characters, has blanks or line breaks around it, or holds control"
        " characters."
    ),
    # at the admission
    "no-implementation": "The implementation is not there any more.",
    "other-provider": "Another provider brought this person first. An administrator can hand people over.",
    "locked-out": "An administrator has locked this person out.",
    "unkeepable": "The records refuse what the provider says of the person; the field follows.",
    "session-over": "The provider says that this login has ended already.",
}

#: All reasons that may stand in the log behind a SAML login.
EVERY_CODE: dict[str, str] = {**MESSAGE_CODES, **CODES}

#: How the names of the views begin at which logins by External Authentication are refused.
_EXTERNAL = ("external.", "app_tokens.")


def meaning_of(code: str, view: str) -> str:
    """Return what the code of a refused login means; "" for one that is not explained. The same word may mean two things."""
    if view.startswith(_EXTERNAL):
        return CODES.get(code) or external.meaning_of(code)
    return EVERY_CODE.get(code) or APP_CODES.get(code, "")
