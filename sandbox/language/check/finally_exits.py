"""Finds statements that would leave a `finally` block and so suppress the exception that is being raised.

The end of a used-up budget is raised through the script; a `return` inside `finally` would turn it into an answer.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator


def finally_exits(body: Iterable[ast.AST], *, in_loop: bool = False) -> Iterator[ast.AST]:
    """Yield each return, and each break and continue that belongs to a loop around the block."""
    for node in body:
        if isinstance(node, ast.Return) or (isinstance(node, ast.Break | ast.Continue) and not in_loop):
            yield node
        elif isinstance(node, ast.For | ast.While):
            yield from finally_exits(node.body, in_loop=True)
            yield from finally_exits(node.orelse, in_loop=in_loop)
        elif not isinstance(node, ast.FunctionDef | ast.Lambda):
            yield from finally_exits(ast.iter_child_nodes(node), in_loop=in_loop)
