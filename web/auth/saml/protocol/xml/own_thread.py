"""A separate thread for reading untrusted XML, so that the names that libxml2 remembers are freed with the thread.

lxml gives each thread one dictionary for all its documents, and frees it when the thread ends. Screening keeps unknown
names out, but prefixes, short white space and an administrator's metadata still add to it.
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
    """Run each call of a function in a new thread; return its result or raise its exception.

    The result must not contain elements, which would keep the dictionary alive.
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
        # An exception refers to its frames. If a frame also referred to the exception, a refused document would stay in
        # memory until the next garbage collection.
        return outcome.pop().result()

    return call
