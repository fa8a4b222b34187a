"""How texts begin that a script puts together, and links that begin with what the app does not show."""

from __future__ import annotations

import ast
from typing import Final

from .judge import ApiJudge, shortened

#: Through how many names and parts the beginning of an address is followed.
_MAX_STEPS = 60
#: With this, exactly, a link must begin.
_SCHEME: Final = "https://"


def beginning(judge: ApiJudge, node: ast.expr) -> str:
    """The text with which an argument begins, also through names of literals; empty if it is computed.

    Of a template of `%` that is the text before its first `%`.
    """
    is_template = False
    for _ in range(_MAX_STEPS):
        first = _first_part(judge, node)
        if first is None:
            break
        is_template |= isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod)
        node = first
    text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    return text.partition("%")[0] if is_template else text


def _first_part(judge: ApiJudge, node: ast.expr) -> ast.expr | None:
    """The expression whose text comes first in that of another; None if there is no such one."""
    if isinstance(node, ast.BinOp):
        return node.left if isinstance(node.op, ast.Add | ast.Mod) else None
    if isinstance(node, ast.JoinedStr):
        return next(iter(node.values), None)
    if isinstance(node, ast.FormattedValue):
        return node.value if node.conversion == -1 and node.format_spec is None else None
    bound = judge.values.scopes.bindings(node) if isinstance(node, ast.Name) else []
    return bound[0] if len(bound) == 1 and isinstance(bound[0], ast.expr) else None


def check_link(judge: ApiJudge, node: ast.Call) -> None:
    """Report the link of a message that is put together and does not begin as a link must.

    A link that is known as a whole is judged by the message contract, with everything else about it.
    """
    if judge.values.of(node.func) != {"message"}:
        return
    given = [*node.args[1:2], *(word.value for word in node.keywords if word.arg == "link")]
    link = given[0] if given else None
    if link is None or _is_literal(judge, link):
        return
    begins = beginning(judge, _without_query(judge, link))
    if begins and not begins.startswith(_SCHEME) and not _SCHEME.startswith(begins):
        judge.report(link, "link-scheme", begins=shortened(begins.split("{")[0]))


def _is_literal(judge: ApiJudge, node: ast.expr) -> bool:
    """Whether the message contract knows the text: a literal, or a constant of the module."""
    if not isinstance(node, ast.Name):
        return isinstance(node, ast.Constant)
    scopes = judge.values.scopes
    bound = scopes.bindings(node)
    return len(bound) == 1 and isinstance(bound[0], ast.Constant) and bound is scopes.module.bindings.get(node.id)


def _without_query(judge: ApiJudge, node: ast.expr) -> ast.expr:
    is_call = isinstance(node, ast.Call) and judge.values.of(node.func) == {"with_query"}
    return node.args[0] if is_call and isinstance(node, ast.Call) and node.args else node
