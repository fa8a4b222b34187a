"""Examples below a command's help, each line as it stands: what most people look for first."""

from __future__ import annotations


def examples(*lines: str) -> str:
    """The epilog of a command; click wraps everything but a block that begins with a backspace."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)
