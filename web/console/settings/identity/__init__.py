"""The identity provider (SAML) of an implementation: connecting it, whom its words mean, and what is believed of it.

provider.py    our addresses, its metadata or its data by hand, looked at before they are saved, removing it
provider_certificates.py    certificates, refreshing, changing our own keys
our_certificates.py      our own certificates
attributes.py   attributes, subject, policy
login_test.py    the test login and the last refused logins
"""
