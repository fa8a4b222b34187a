"""Tells the end of the memory from other errors, also where CPython has lost its `MemoryError` on the way.

C code that returns without having set an exception gets a `SystemError` in its place (`deque([1]) * 10**9` does), and
so does C code that goes on with what it was refused. To an author both are what they come from: the memory is used up.
"""

from __future__ import annotations

#: What CPython says, in its own words, where an exception should be and none is.
_NOTHING_SET = ("without exception set", "without setting an exception", "without raising an exception")
#: And where a C function was handed the nothing that an allocation gave.
_HANDED_NOTHING = ("null argument to internal routine", "bad argument to internal function")
_LINKS = 20  #: of a chain of causes; a longer one is a script's own work


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the memory ran out: a `MemoryError`, or a `SystemError` that stands for one or came of one."""
    if isinstance(error, MemoryError):
        return True
    if type(error) is not SystemError:
        return False
    text = str(error)
    return any(words in text for words in (*_NOTHING_SET, *_HANDED_NOTHING)) or _came_of_one(error)


def _came_of_one(error: BaseException) -> bool:
    """Python chains the `MemoryError` where C code has set it and then returned as if all were well."""
    link: BaseException | None = error
    for _ in range(_LINKS):
        link = link and (link.__cause__ or link.__context__)
        if isinstance(link, MemoryError):
            return True
    return False
