"""A thread of its own for whatever reads XML of others: what libxml2 remembers of names ends with the thread.

lxml gives each thread one dictionary for all its documents, and frees it with the thread. Screening keeps strange names
out of it, but prefixes, short blanks and an administrator's metadata still add to it; here nothing of that stays.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import wraps
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def in_own_thread(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Let each call of a function run in a new thread, wait for it, and return or raise what it does.

    What it returns must hold no elements: they would keep the dictionary.
    """

    @wraps(function)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        outcome: list[Future[Result]] = [Future()]
        context = contextvars.copy_context()

        def work() -> None:
            try:
                outcome[0].set_result(context.run(function, *args, **kwargs))
            except BaseException as fault:  # noqa: BLE001 - raised again by the caller, whatever it is
                outcome[0].set_exception(fault)

        thread = threading.Thread(target=work, name=f"saml {function.__name__}")
        thread.start()
        thread.join()
        # What is raised knows the frames which it came through. If they still knew it, a refused document would wait as
        # a whole for the garbage collector.
        return outcome.pop().result()

    return call
