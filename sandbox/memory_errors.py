"""Tells whether an error means that memory ran out, even where CPython lost its `MemoryError` on the way.

When C code returns an error without setting an exception, Python raises `SystemError` (`deque([1]) * 10**9` does that), and
also when C code goes on with the NULL of a failed allocation. Authors are told the cause of both: the memory is used up.
"""

from __future__ import annotations

#: CPython's own words where an exception should be set and none is.
_NO_EXCEPTION_SET = ("without exception set", "without setting an exception", "without raising an exception")
#: The same where a C function was passed the NULL of a failed allocation.
_NULL_ARGUMENT = ("null argument to internal routine", "bad argument to internal function")
_CHAIN_LENGTH = 20  #: exceptions in a chain of causes that are looked at; only a script makes a longer chain


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out: a `MemoryError`, or a `SystemError` in its place or caused by one."""
    if isinstance(error, MemoryError):
        return True
    if type(error) is not SystemError:
        return False
    text = str(error)
    return any(words in text for words in (*_NO_EXCEPTION_SET, *_NULL_ARGUMENT)) or _is_caused_by_memory_error(error)


def _is_caused_by_memory_error(error: BaseException) -> bool:
    """Whether a `MemoryError` is in the chain: Python chains one that C code has set before it returned normally."""
    link: BaseException | None = error
    for _ in range(_CHAIN_LENGTH):
        link = link and (link.__cause__ or link.__context__)
        if isinstance(link, MemoryError):
            return True
    return False
