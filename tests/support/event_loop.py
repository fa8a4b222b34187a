"""Runs a coroutine to its end in a thread of its own, because the browser of other tests has a loop running in this one.

The loop is of the kind that the web server has.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import uvloop


def awaited(coroutine):
    """What the coroutine gives."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(_run, coroutine).result()


def _run(coroutine):
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(coroutine)
