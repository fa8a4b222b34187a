"""External Authentication: the organizer's own service vouches for its people, in one of three ways with one result.

    assertions.py                             a signed assertion (JWT): the steps of its check
    public_keys.py                            the organizer's public keys
    introspection.py                          a token of the organizer's, about which we ask (RFC 7662)
    password_relay.py                         badge ID and last name, about which we ask the registration vendor
    password_limits.py                        how often passwords may be tried
    login_methods.py                          the three functions below
    views.py                                  the pages for browsers
    strict_json.py, profiles.py, refusals.py  what all of them share

    person = by_assertion("demo", token)          # or by_introspection, by_password; then web.auth.login_steps.admission

Each raises `ExternalLoginRefused`: `code` for the log, `text` for the person, `status`, `retry_after`.
"""

from .login_methods import by_assertion, by_introspection, by_password
from .refusals import ExternalLoginRefused

__all__ = ["ExternalLoginRefused", "by_assertion", "by_introspection", "by_password"]
