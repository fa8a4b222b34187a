"""Every reason for refusing a login by External Authentication, explained for support.

The guide for organizers (docs/external-authentication.md) lists the same codes with what to do; a test compares them.
"""

from __future__ import annotations

from types import MappingProxyType

#: code of `ExternalLoginRefused` -> what it means. A status or a kind may follow a code: `vendor answered 401`.
CODES = MappingProxyType(
    {
        # a signed assertion
        "not a signed JWT": "The assertion is not a signed JWT of at most 4,096 characters.",
        "header unreadable": "The header of the assertion is not an unambiguous JSON object.",
        "claims unreadable": "The claims of the assertion are not an unambiguous JSON object.",
        "header": "The assertion has a header other than alg, kid and typ.",
        "algorithm": "The assertion is signed with an algorithm other than the one in the settings.",
        "type": "The type (typ) of the assertion is missing or is not JWT.",
        "key id": "The key ID (kid) of the assertion is not a string.",
        "unknown key": "The organizer's key set has no key with this ID and type, or has two.",
        "secret too short": "The shared secret has fewer than 32 bytes.",
        "signature": "The assertion is signed with another key, or was changed on the way.",
        "issuer": "The issuer (iss) of the assertion is not the one in the settings.",
        "audience": "The assertion or token was issued for another service.",
        "subject": "The key of the person (sub) is missing or cannot be used.",
        "time": "A time is missing or is not in whole seconds.",
        "lifetime": "The assertion is valid for more than 120 seconds.",
        "expired": "The assertion or token is no longer valid. Compare the clocks.",
        "not yet valid": "The assertion is not valid yet. Compare the clocks.",
        "jti": "The ID of the assertion (jti) is missing, shorter than 16 characters, or not a string.",
        "seen before": "The same assertion was sent twice.",
        "nonce": "The nonce is missing, was used before, is older than 15 minutes, or was not requested.",
        "keys away": "The organizer's keys could not be fetched.",
        "nobody arrived": "The return from the organizer's page took too long, or happened twice.",
        "arrived before": "The return from the organizer's page happened twice at the same time.",
        "another browser": "The login was started in another browser, or this browser does not accept cookies.",
        # a token that the organizer checks
        "not a token": "The value does not have the form of a token.",
        "not active": "The organizer says that the token is not active.",
        "introspection answered": "The organizer answered with this status. 401 means that the organizer does not accept our client credentials.",
        "introspection unreadable": "The organizer's answer cannot be read.",
        # badge and name
        "not a line of text": "The badge or the name is empty, longer than 255 characters, or contains control characters.",
        "vendor did not accept": "The registration vendor did not accept the badge and name.",
        "vendor named nobody": "The registration vendor has no registration with this badge and name.",
        "vendor's subject": "The registration vendor accepted the badge and name, but its answer contains no usable key of the person.",
        "vendor answered": (
            "The registration vendor answered with this status. 4xx usually means a wrong badge or name; 401 or 403 may also "
            "mean that our credentials are wrong."
        ),
        "vendor unreadable": "The registration vendor's answer cannot be read.",
        "excluded": "This type of registration is excluded in the settings.",
        "opted out": "The registrant has opted out.",
        "too often for this name": "There were too many attempts with this badge. Wait before trying again.",
        "too often from this address": "There were too many attempts from one address.",
        "too often in this implementation": "There were too many attempts in this implementation.",
        # either system
        "vendor": "The registration vendor gave no usable answer, for this reason.",
        "introspection": "The organizer gave no usable answer, for this reason.",
        # our settings
        "no such way in": "The implementation uses another login method, or none.",
        "for development only": "This login method was saved for development only.",
        "staff": "Staff cannot log in by this method.",
        "secret does not open": "The stored secret cannot be decrypted with the keys of this server. Enter it again.",
    }
)


def meaning_of(code: str) -> str:
    """Return what a code means, ignoring a status or kind after it; "" for an unknown code."""
    words = code.split(" ")
    starts = (" ".join(words[:count]) for count in range(len(words), 0, -1))
    return next((CODES[start] for start in starts if start in CODES), "")
