"""The SAML protocol without Flask: its values and vocabulary; XML in `xml/`, messages in `messages/`."""
