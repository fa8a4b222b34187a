"""Loads a function when it is called: what a command does only with some of its options should not slow down the others."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def deferred(target: str) -> Callable[..., Any]:
    """Return the function "module:name". A test calls each target, so that none is misspelt."""
    module, _, name = target.partition(":")
    found: Callable[..., Any] = getattr(import_module(module), name)
    assert callable(found)
    return found
