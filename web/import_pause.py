"""A pause of the garbage collector while much is imported and built that lives to the end of the process."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def import_pause() -> Iterator[None]:
    """Collect no garbage in the block. Imports leave none, and looking for it again and again takes a fifth of their time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
