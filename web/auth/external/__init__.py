"""External Authentication: the organizer's own service vouches for its people, in one of three ways with one result.

    assertions.py     a signed assertion (JWT): the steps of its check
    keys.py           the organizer's public keys
    introspection.py  a token of the organizer's, about which we ask (RFC 7662)
    relay.py          badge ID and last name, about which we ask the registration vendor
    limits.py         how often passwords may be tried
    ways_in.py        the three functions below
    views.py          the pages for browsers
    reading.py, profiles.py, refused.py   what all of them share

    person = by_assertion("demo", token)          # or by_introspection, by_password; then web.auth.admission

Each raises `ExternalLoginRefused`: `code` for the log, `text` for the person, `status`, `retry_after`.
"""

from .refused import ExternalLoginRefused
from .ways_in import by_assertion, by_introspection, by_password

__all__ = ["ExternalLoginRefused", "by_assertion", "by_introspection", "by_password"]
