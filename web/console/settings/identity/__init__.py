"""The identity provider (SAML) of an implementation: connecting it, whom its words mean, and what is believed of it.

setup.py    our addresses, its metadata or its data by hand, looked at before they are saved, removing it
trust.py    certificates, refreshing, changing our own keys
own.py      our own certificates
people.py   attributes, subject, policy
check.py    the test login and the last refused logins
"""
