"""External Authentication: the organizer's own system authenticates its people, by one of three methods.

    assertions.py                             a signed assertion (JWT): the steps of its check
    public_keys.py                            the organizer's public keys
    introspection.py                          an access token that the organizer is asked about (RFC 7662)
    password_relay.py                         badge ID and last name that the registration vendor is asked about
    password_limits.py                        limits on password attempts
    login_methods.py                          the three functions below
    views.py                                  the pages for browsers
    strict_json.py, profiles.py, refusals.py  shared by all of them

    person = by_assertion("demo", token)          # or by_introspection, by_password; then web.auth.login_steps.admission

Each raises `ExternalLoginRefused`: `code` for the log, `text` for the person, `status`, `retry_after`.
"""

from .login_methods import by_assertion, by_introspection, by_password
from .refusals import ExternalLoginRefused

__all__ = ["ExternalLoginRefused", "by_assertion", "by_introspection", "by_password"]
