"""Who is asking: logins, the ways in (SAML, External Authentication), the app's tokens, and what a login may do."""
