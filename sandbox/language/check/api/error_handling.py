"""Checks how a script handles the errors of calls: what `.json()` raises, and the kinds of an ApiError."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from sandbox.outcomes import CallFault

from .judge import ApiJudge, nearest, shortened

_DECODE_ERROR = "json.JSONDecodeError"
#: Handlers that catch an ApiError, too.
_CATCHES_API_ERROR = frozenset({"ApiError", "Exception"})
_KINDS = tuple(fault.value for fault in CallFault)


def check_handlers(judge: ApiJudge, node: ast.Try) -> None:
    """Report `except json.JSONDecodeError` or `ValueError` around `.json()` if nothing in the block can raise that error."""
    names = judge.values.names
    caught = [{names.meaning(kind) for kind in _types(handler)} for handler in node.handlers]
    if any(
        handler.type is None or kinds & _CATCHES_API_ERROR for handler, kinds in zip(node.handlers, caught, strict=True)
    ):
        return
    calls = [part for step in node.body for part in _inside(step) if isinstance(part, ast.Call)]
    if not any(_reads_json(judge, call) for call in calls) or any(_may_decode(judge, call) for call in calls):
        return
    for handler, kinds in zip(node.handlers, caught, strict=True):
        if (
            kinds
            and kinds <= {_DECODE_ERROR, "ValueError"}
            and (kinds == {_DECODE_ERROR} or _only_asks(judge, node.body))
        ):
            name = handler.name or "problem"
            instead = f'Write except ApiError as {name}: and, if it matters, test {name}.kind == "not json"'
            judge.report(handler, "json-error", instead=instead)


def _types(handler: ast.ExceptHandler) -> list[ast.expr]:
    if handler.type is None:
        return []
    return list(handler.type.elts) if isinstance(handler.type, ast.Tuple) else [handler.type]


def _reads_json(judge: ApiJudge, call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "json" or call.args or call.keywords:
        return False
    owners = judge.values.present(call.func.value)
    return not owners or owners == {"Response"}


def _may_decode(judge: ApiJudge, call: ast.Call) -> bool:
    """Whether a call may raise JSONDecodeError: json.loads does, and a function of the script may call it."""
    return judge.values.names.meaning(call.func) == "json.loads" or isinstance(call.func, ast.Name)


def _only_asks(judge: ApiJudge, body: list[ast.stmt]) -> bool:
    """Whether a block only calls .json(), api.get() and api.post(), and takes nothing apart: no ValueError comes of that."""
    parts = [part for step in body for part in _inside(step)]
    if any(isinstance(part, ast.Tuple | ast.List) and isinstance(part.ctx, ast.Store) for part in parts):
        return False
    calls = [part for part in parts if isinstance(part, ast.Call)]
    return all(
        _reads_json(judge, call)
        or (isinstance(call.func, ast.Attribute) and judge.values.present(call.func.value) == {"Api"})
        for call in calls
    )


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """A statement and its parts, without inner functions."""
    left = [node]
    while left:
        part = left.pop()
        yield part
        if not isinstance(part, ast.FunctionDef | ast.Lambda):
            left.extend(ast.iter_child_nodes(part))


def check_error_kind(judge: ApiJudge, node: ast.Compare) -> None:
    """Report a comparison of an ApiError's kind with a text that is no kind."""
    if not isinstance(node.left, ast.Attribute) or node.left.attr != "kind" or len(node.ops) != 1:
        return
    is_test = isinstance(node.ops[0], ast.Eq | ast.NotEq | ast.In | ast.NotIn)
    if not is_test or judge.values.makes_api_errors or judge.values.present(node.left.value) != {"ApiError"}:
        return
    compared = node.comparators[0]
    parts = compared.elts if isinstance(compared, ast.Tuple | ast.List | ast.Set) else [compared]
    for part in parts:
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value not in _KINDS:
            near = nearest(part.value.replace("_", " ").replace("timed out", "timeout"), _KINDS)
            instead = f'Write "{near}"' if near else "Write one of these."
            judge.report(part, "error-kind", name=shortened(part.value), kinds=", ".join(_KINDS), instead=instead)
            return
