"""The raw language in a zygote that cannot watch processes, as on systems other than Linux."""

from __future__ import annotations

import os

from tests.sandbox import raw_language

del os.pidfd_open


def main():
    """Be the zygote."""
    raw_language.main()
