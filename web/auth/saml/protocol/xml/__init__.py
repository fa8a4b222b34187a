"""Reads, verifies and decrypts XML that a stranger may have written."""
