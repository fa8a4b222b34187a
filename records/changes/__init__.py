"""Every change that a person can make, as one function for all edges that offer it: console, command line, endpoints.

A change takes `db`, what it concerns and its values, and the `AuditContext` of its edge. It checks, writes the rows and,
last, the audit entry. It returns an `AfterCommit`: whom to tell and which logins to end. The edge opens the transaction
and commits; `runner.status.commit_effects` does what the `AfterCommit` says. Each edge has one function that joins the
two (`web.console.commits`, `CommandContext.commit`), so that no page and no command forgets a part.

If a change would change nothing, nothing is written or noted, and no process is told.

    after_commit.py      what a change returns
    entries.py           what all changes share: the lock, outdated pages, the audit entry, and how it shows old and new values
    implementations.py   adding one, its settings
    retirement.py        archiving, restoring, removing
    connections.py       vendor systems
    grants.py            roles
    people.py            describing people, locking out, one-time links of administrators
    saml.py              the identity provider, its certificates, our keys
    saml_metadata.py     what a provider publishes about itself
    external_auth.py     External Authentication
    agenda.py            importing the agenda, undoing it
    scripts/             submitting, reviewing, deploying, author tokens
    notices.py           what people read and want by mail, and mails of the outbox
    operations.py        what an operator does to the whole service
"""
