"""Every change that a person can make, as one function for all edges that offer it: console, command line, endpoints.

A change takes `db`, what it concerns and its values, and the `AuditContext` of its edge. It checks, writes the rows and the
audit entry, last, and returns an `AfterCommit`: whom to tell and which logins to end. The edge opens the transaction,
commits, and does what the `AfterCommit` says. Both edges have one function for that (`web.console.commits`,
`CommandContext.commit`), so that no page and no command forgets a part.

What changes nothing is no change: nothing is written, nothing is noted, and nobody is told.

    after_commit.py      what a change returns
    entries.py           what all changes share: the lock, overtaken pages, the entry, and what it tells of old and new
    implementations.py   adding one, its settings
    retirement.py        archiving, restoring, removing
    connections.py       vendor systems
    grants.py            roles
    people.py            describing people, locking out, one-time links of administrators
    saml.py              the identity provider, its certificates, our keys
    saml_metadata.py     what a provider publishes about itself
    external_auth.py     External Authentication
    agenda.py            importing the agenda, undoing it
    scripts.py           activating a version
    operations.py        what an operator does to the whole service
"""
