"""SAML: people log in at the identity provider of their organization, by signed messages.

Nothing that a message says is believed before it went through the guard.

| File | What it decides |
|---|---|
| `protocol/messages/response_guard.py` | the numbered steps by which a login response is believed or refused |
| `protocol/messages/logout_guard.py` | the same for messages that end a login |
| `protocol/xml/screening.py`, `protocol/xml/allowed_names.py` | what a document may be made of, by expat, before libxml2 reads it |
| `protocol/xml/own_thread.py`, `web/auth/saml_work_limit.py` | that nothing of it stays in memory, and how much of a process messages may take |
| `protocol/xml/parsing.py`, `protocol/messages/response_shape.py`, `protocol/xml/signatures.py`, `protocol/xml/encryption.py` | what a message may look like, before any cryptography |
| `protocol/messages/assertion_content.py` | what the signed assertion must say, and what is read from it |
| `protocol/messages/redirect_binding.py` | messages in an address, with their signature over the raw query |
| `protocol/messages/outgoing_messages.py`, `protocol/messages/metadata.py` | what we send, what we publish, what a provider publishes |
| `protocol/xml/library.py` | the one place that speaks to python3-saml |
| `protocol/codes.py` | every reason of refusal, explained for operators |

These files know no web framework, no store and no database: a message and values go in, a value or `Rejected` comes out.
"""
