"""What the powers raise besides the sandbox's `CallNotMade`.

    PowersError                root
    +-- FaultyConnectionError  a connection is configured in a way that can never work or is not safe
    +-- AnswersError           a file of recorded answers is wrong; says which entry and which field

None of their texts contains a secret.
"""

from __future__ import annotations


class PowersError(Exception):
    """Root of what the powers raise."""


class FaultyConnectionError(PowersError):
    """A vendor connection cannot be used as it is configured."""


class AnswersError(PowersError):
    """A file of recorded answers cannot be read."""
