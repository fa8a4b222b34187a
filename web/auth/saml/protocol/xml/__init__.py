"""Reads, verifies and decrypts untrusted XML."""
