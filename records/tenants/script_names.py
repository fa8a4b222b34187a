"""Names and paths that scripts write: whether a connection's prefix covers a path, and how a sentence repeats them.

Commands of authors, which load no database, use this, too.
"""

from __future__ import annotations

#: Characters of a name or path that a sentence repeats.
_SHOWN = 120


def is_below(path: str, prefix: str) -> bool:
    """Say whether a path is a prefix or below it, by whole segments."""
    folder = prefix if prefix.endswith("/") else prefix + "/"
    return path == prefix or path.startswith(folder)


def shown(text: str) -> str:
    """Return a text of a script, cut and without what no reader sees."""
    cut = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in cut)
