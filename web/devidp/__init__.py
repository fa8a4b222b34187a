"""The development identity provider: a small, real SAML identity provider in a process of its own.

For development only. It signs with xmlsec and shares no code with our service provider, so the two understand each
other only because both keep to SAML 2.0. It asks for no password: anyone can log in as anyone. It says so on
every page and in its log, listens on this machine only, and refuses to run in production.
"""
