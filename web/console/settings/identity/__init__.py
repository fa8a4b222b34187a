"""The identity provider (SAML) of an implementation: connecting it, its attributes, and its certificates.

provider.py                 our addresses; its metadata, or its data by hand, checked before they are saved; removing it
provider_certificates.py    its certificates, refreshing them, changing our own keys
our_certificates.py         our own certificates
attributes.py               attributes, subject, policy
login_test.py               the test login and the last refused logins
"""
