"""Constructs of Python with rules of their own: what of each a script may use, for the check and for the policy."""
