"""How an implementation's people log in: SAML and External Authentication, with their keys and certificates."""
