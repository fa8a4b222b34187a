"""SAML: people log in at the identity provider of their organization, which sends signed messages.

The content of a message is used only after the guard has accepted it.

| File | Subject |
|---|---|
| `protocol/messages/response_guard.py` | the numbered steps by which a login response is accepted or refused |
| `protocol/messages/logout_guard.py` | the same for messages that end a login |
| `protocol/xml/screening.py`, `protocol/xml/allowed_names.py` | which documents are allowed, checked by expat before libxml2 reads them |
| `protocol/xml/own_thread.py`, `web/auth/saml_work_limit.py` | a thread that releases all memory of a message; how much of a process messages may take |
| `protocol/xml/parsing.py`, `protocol/messages/response_shape.py`, `protocol/xml/signatures.py`, `protocol/xml/encryption.py` | which form a message may have, checked before any cryptography |
| `protocol/messages/assertion_content.py` | what the signed assertion must say, and what is read from it |
| `protocol/messages/redirect_binding.py` | messages in an address, signed over the raw query |
| `protocol/messages/outgoing_messages.py`, `protocol/messages/metadata.py` | what we send, what we publish, what a provider publishes |
| `protocol/xml/library.py` | the only module that uses python3-saml |
| `protocol/codes.py` | every reason for a refusal, explained for operators |

These modules use no web framework, store or database: they take a message and values, and return a value or raise
`Rejected`.
"""
