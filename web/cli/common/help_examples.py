"""Examples below the help of a command, which most people read first."""

from __future__ import annotations


def examples(*lines: str) -> str:
    """Return the epilog of a command. Click wraps every block except those that begin with a backspace."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
