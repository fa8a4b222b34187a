"""Errors about keywords that name the accepted ones: Python's own say only which one is wrong."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from sandbox.language.script_api import SIGNATURES

from .facade import named

Function = TypeVar("Function", bound=Callable[..., Any])


def checked_keywords(kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of the script API that `kind` names in its table; a wrong keyword is a TypeError with the right ones."""
    signature = SIGNATURES[kind]
    accepted = frozenset(signature.keywords)
    named(signature.name, function)

    def call(*args: Any, **kwargs: Any) -> Any:
        wrong = next((name for name in kwargs if name not in accepted), None)
        if wrong is not None and not signature.named:
            takes = f"it takes: {', '.join(signature.keywords)}" if accepted else "it takes none"
            raise TypeError(f"{signature.name}() got an unexpected keyword argument {wrong[:60]!r}; {takes}")
        return function(*args, **kwargs)

    return functools.wraps(function)(call)


def keywords_of(kind: str) -> Callable[[Function], Function]:
    """The same as a decorator."""
    return functools.partial(checked_keywords, kind)  # type: ignore[return-value]  # the wrapper takes the same arguments
