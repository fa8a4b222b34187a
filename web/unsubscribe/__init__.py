"""The link in every mail that ends the mails of its group, without a login (RFC 8058)."""
