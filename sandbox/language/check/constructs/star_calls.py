"""Which calls may pass arguments with `*` and `**`: those of the script's own functions, and of a few functions that take any number.

A reviewer must see what a call can do. With a star its arguments are computed, so only such functions are called in this
way that do the same whatever they get: what the script itself defines, its types of named tuples among it, and what only
builds a value or a log line. The guard `_star_callee_` looks again at what is called in a run.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable

#: Functions of the sandbox and of Python that may be called so. A script that gives one of these names to something of its
#: own calls its own.
STAR_FUNCTIONS = frozenset({"zip", "print", "max", "min", "message"})


def star_parts(node: ast.Call) -> list[ast.expr]:
    """The arguments of a call that stand behind a star or two."""
    starred: list[ast.expr] = [part for part in node.args if isinstance(part, ast.Starred)]
    return [*starred, *(word.value for word in node.keywords if word.arg is None)]


def own_functions(nodes: Iterable[ast.AST], bound: Counter[str]) -> frozenset[str]:
    """The names that mean a function of the script wherever the script binds them: by `def`, or as a name for a `lambda`."""
    defined: Counter[str] = Counter()
    for node in nodes:
        if isinstance(node, ast.FunctionDef):
            defined[node.name] += 1
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            defined.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return frozenset(name for name, count in defined.items() if bound[name] == count)


def takes_stars(function: ast.expr, own: frozenset[str], bound: Counter[str]) -> bool:
    """Whether this may be called with stars."""
    if not isinstance(function, ast.Name):
        return False
    return function.id in own or (function.id in STAR_FUNCTIONS and not bound[function.id])
