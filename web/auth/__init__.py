"""Logins: the login methods (SAML, External Authentication), the app's tokens, and what a login may do."""
