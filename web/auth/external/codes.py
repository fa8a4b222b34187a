"""Every reason for which External Authentication refuses a login, explained for support.

The guide for organizers (docs/external-authentication.md) has the same codes with what to do about each; a test compares.
"""

from __future__ import annotations

from types import MappingProxyType

#: code of `Refused` -> what it means. A code may go on after a blank, with a status or a kind: `vendor answered 401`.
CODES = MappingProxyType(
    {
        # a signed assertion
        "not a signed JWT": "What arrived is not a signed JWT of at most 4,096 characters.",
        "header unreadable": "The header of the assertion is not a JSON object that can be read in one way only.",
        "claims unreadable": "The claims of the assertion are not a JSON object that can be read in one way only.",
        "header": "The assertion has a header other than alg, kid and typ.",
        "algorithm": "The assertion is signed by another algorithm than the settings say.",
        "type": "The type (typ) of the assertion is missing or another than JWT.",
        "key id": "The key ID (kid) of the assertion is not a text.",
        "unknown key": "The organizer's keys have none of that name and kind, or two.",
        "secret too short": "The shared secret has less than 32 bytes.",
        "signature": "The assertion is signed by another key, or was changed on the way.",
        "issuer": "The issuer (iss) of the assertion is another than the settings say.",
        "audience": "The assertion or token is made for another service.",
        "subject": "The key of the person (sub) is missing, or cannot be used.",
        "time": "A time is missing, or is not in whole seconds.",
        "lifetime": "The assertion is valid for more than 120 seconds.",
        "expired": "The assertion or token is not valid any more. Compare the clocks.",
        "not yet valid": "The assertion is not valid yet. Compare the clocks.",
        "jti": "The ID of the assertion (jti) is missing, shorter than 16 characters, or not a text.",
        "seen before": "The same assertion was sent twice.",
        "nonce": "The nonce is missing, was used before, is older than 15 minutes, or was not asked for.",
        "keys away": "The organizer's keys could not be fetched.",
        "nobody arrived": "The way back from the organizer's page took too long, or was taken twice.",
        "arrived before": "The way back from the organizer's page was taken twice at once.",
        "another browser": "The login was begun in another browser, or this one keeps no cookies.",
        # a token about which the organizer is asked
        "not a token": "What arrived does not have the form of a token.",
        "not active": "The organizer says that the token is not active.",
        "introspection answered": "The organizer answered with this status. 401 means that our credentials there are wrong.",
        "introspection unreadable": "The organizer's answer cannot be read.",
        # badge and name
        "not a line of text": "What was typed is empty, longer than 255 characters, or has control characters.",
        "vendor did not accept": "The registration vendor did not accept badge and name.",
        "vendor named nobody": "The registration vendor knows no registration with this badge and name.",
        "vendor's subject": "The registration vendor accepted, but its answer has no usable key of the person.",
        "vendor answered": (
            "The registration vendor answered with this status. 4xx usually means a wrong badge or name; 401 or 403 may mean "
            "that our key is wrong."
        ),
        "vendor unreadable": "The registration vendor's answer cannot be read.",
        "excluded": "This type of registration is excluded in the settings.",
        "opted out": "The registrant has opted out.",
        "too often for this name": "This badge was tried too often. It can be tried again in a while.",
        "too often from this address": "Too many logins were tried from one address.",
        "too often in this implementation": "Too many logins were tried in this implementation.",
        # whoever is asked
        "vendor": "The registration vendor gave no usable answer, for this reason.",
        "introspection": "The organizer gave no usable answer, for this reason.",
        # ours
        "no such way in": "The implementation has another way to log in, or none.",
        "for development only": "This way to log in was saved for development only.",
        "staff": "Staff do not log in this way.",
        "secret does not open": "The stored secret does not open with the keys of this server. Enter it again.",
    }
)


def meaning_of(code: str) -> str:
    """Return what a code means, without what follows it if the code alone has no meaning; "" for an unknown one."""
    words = code.split(" ")
    starts = (" ".join(words[:count]) for count in range(len(words), 0, -1))
    return next((CODES[start] for start in starts if start in CODES), "")
