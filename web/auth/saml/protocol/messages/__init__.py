"""Which SAML messages are accepted, what is read from them, and the messages that we send."""
