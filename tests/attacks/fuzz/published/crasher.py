"""One crash of CPython that others have published, in the language of scripts, and what keeps scripts from it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

CHECK = "refused by the check"
RUN = "refused at run"  #: an exception, or a limit
HARMLESS = "harmless"
DEEP = "ends its own child"  #: the stack of C code is used up; nothing that was freed is used
#: What calls back and stays: it raises, or the change does no harm.
SAFE = (RUN, HARMLESS)
#: Re-entry: generators written in Python refuse it, eager functions never meet it, withheld names cannot be used.
STOPPED = (CHECK, RUN, HARMLESS)


@dataclass(frozen=True)
class Crasher:
    """`program` is the body of `status`; `how` is each way in which it may end here, and `why` says what stops it."""

    issue: (
        str  #: a number is one of CPython's issues on GitHub; "bpo-" is its old tracker; a name is in Lib/test/crashers
    )
    touches: str
    how: tuple[str, ...]
    why: str
    program: str

    @property
    def body(self) -> str:
        """The statements, without the indentation of the table."""
        return textwrap.dedent(self.program).strip("\n")
