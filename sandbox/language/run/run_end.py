"""Lets the end of a run pass the script's own `except` and `finally`.

The end of a used-up budget is raised through the script, as an exception; the policy puts these guards first in every
`try`, so that a script can neither catch it nor replace it by a later error.
"""

from __future__ import annotations

import sys

#: `SystemError` is CPython's own fault: `deque` and other C code lose the `MemoryError` when memory is used up.
_RUN_ENDING_ERRORS = (MemoryError, SystemError)


def unstoppable_kinds() -> tuple[type[BaseException], ...]:
    """What the first handler of every `try` re-raises: everything while a run ends, else nothing.

    The end of a run is one of `_RUN_ENDING_ERRORS`, or an exception that is not an `Exception`.
    """
    return (BaseException,) if _run_is_ending() else ()


def pass_unstoppable() -> None:
    """Re-raise the end of a run as the first step of every `finally`, so that no later error can replace it."""
    if _run_is_ending():
        raise  # noqa: PLE0704 -- the exception that the script's finally handles


def _run_is_ending() -> bool:
    error = sys.exc_info()[1]
    return error is not None and (isinstance(error, _RUN_ENDING_ERRORS) or not isinstance(error, Exception))
