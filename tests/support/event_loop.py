"""Runs a coroutine to its end in a thread of its own: the browser of other tests has a loop running in this one."""

import asyncio
from concurrent.futures import ThreadPoolExecutor


def awaited(coroutine):
    """What the coroutine gives."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
