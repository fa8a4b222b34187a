"""Implementations, their settings, and the vendor systems that they may call."""
