"""Which SAML messages are believed, what is read from them, and the messages that we send."""
