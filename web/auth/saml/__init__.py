"""SAML: people log in at the identity provider of their organization, by signed messages.

Nothing that a message says is believed before it went through the guard.

| File | What it decides |
|---|---|
| `guard.py` | the numbered steps by which a login response is believed or refused |
| `logout.py` | the same for messages that end a login |
| `screening.py`, `xml_names.py` | what a document may be made of, by expat, before libxml2 reads it |
| `own_thread.py`, `work_limit.py` | that nothing of it stays in memory, and how much of a process messages may take |
| `parsing.py`, `shape.py`, `signatures.py`, `encryption.py` | what a message may look like, before any cryptography |
| `content.py` | what the signed assertion must say, and what is read from it |
| `redirects.py` | messages in an address, with their signature over the raw query |
| `requests.py`, `metadata.py` | what we send, what we publish, what a provider publishes |
| `library.py` | the one place that speaks to python3-saml |
| `codes.py` | every reason of refusal, explained for operators |

These files know no web framework, no store and no database: a message and values go in, a value or `Rejected` comes out.
"""
