"""The choice between the login methods of an implementation, and logging out.

`views.py` has the login address that everything else links to, and the logout. The methods themselves (SAML, External
Authentication) have packages of their own.
"""
