"""The ways: which way in an implementation offers, and the way out.

`views.py` has the login address that everything else links to, and logging out; the ways themselves (SAML, External
Authentication) have rooms of their own.
"""
