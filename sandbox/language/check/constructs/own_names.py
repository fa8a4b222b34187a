"""Which names with an underscore a script may give to its own functions and variables, and which are the sandbox's.

Every name that the policy or the probes put into code begins and ends with an underscore (`_getattr_`, `_probe_line_`),
and RestrictedPython's own are `_print` and `_tmp0`. A script can neither bind nor read any of them.
"""

from __future__ import annotations

import re

_RESTRICTED_PYTHON = re.compile(r"_print|_tmp\d*")


def is_reserved(name: str) -> bool:
    """Whether only Python and the sandbox may bind or read this name. `_` alone is the script's."""
    if name == "_":
        return False
    if name.startswith("__") or name.endswith("__roles__") or _RESTRICTED_PYTHON.fullmatch(name):
        return True
    return name.startswith("_") and name.endswith("_")
