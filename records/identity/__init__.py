"""How the people of an implementation log in: SAML and External Authentication, with their keys and certificates."""
