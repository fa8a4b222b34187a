"""Checks what `status` and `prepare` return on each of their paths, and messages that are made and dropped."""

from __future__ import annotations

import ast

from .clock_kinds import Kinds
from .fields import is_uncalled
from .judge import ApiJudge, shortened, words_for
from .paths import open_end
from .value_kinds import NONE

_MESSAGE = "Message"
_DICTS = frozenset({"dict", "FrozenDict"})


def check_returns(judge: ApiJudge) -> None:
    """Report paths of `status` that end without a message, and returns of something else."""
    status = judge.values.status
    if status is None:
        return
    for node in judge.values.scopes.functions[status].returns:
        _check_return(judge, node)
    end = open_end(status.body)
    if end is not None and not _is_dropped_message(judge, end):
        judge.report(end, "no-return")


def check_prepare(judge: ApiJudge) -> None:
    """Report paths of `prepare` that end without facts, returns of something else, and a user that it does not have."""
    prepare = judge.values.prepare
    if prepare is None:
        return
    scopes = judge.values.scopes
    for node in scopes.functions[prepare].returns:
        kinds = judge.values.of(node.value) if node.value else frozenset([NONE])
        if kinds and not kinds & _DICTS:
            judge.report(node, "prepare-return", kind=words_for(kinds))
    end = open_end(prepare.body)
    if end is not None:
        judge.report(end, "prepare-no-return")
    for part in ast.walk(prepare):
        if isinstance(part, ast.Name) and part.id == "user" and scopes.scope_of(part).home("user") is None:
            judge.report(part, "prepare-user")
            judge.explained.add(part)
            break


def check_dropped(judge: ApiJudge, node: ast.Expr) -> None:
    """Report `message(…)` as a statement of its own."""
    if _is_dropped_message(judge, node):
        judge.report(node, "message-unused", instead=f"Write return {judge.source(node.value, 'message(…)')}")


def _is_dropped_message(judge: ApiJudge, node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and judge.values.of(node.value) == {_MESSAGE}


def _check_return(judge: ApiJudge, node: ast.Return) -> None:
    value = node.value
    if value is None:
        judge.report(node, "return-value", kind="nothing", instead="Write return hidden()")
        return
    kinds = judge.values.of(value)
    if _MESSAGE in kinds:
        if NONE in kinds and isinstance(value, ast.Call):
            function = shortened(judge.source(value.func, "The function"))
            judge.report(node, "may-return-nothing", function=function)
    elif kinds:
        judge.report(node, "return-value", kind=words_for(kinds), instead=_instead(judge, value, kinds))


def _instead(judge: ApiJudge, value: ast.expr, kinds: Kinds) -> str:
    source = judge.source(value)
    if kinds == {NONE}:
        return "Write return hidden()"
    if is_uncalled(kinds):
        return "Write return hidden()" if kinds == {"hidden"} else 'Write return message("…")'
    if kinds == {"str"}:
        return f"Write return message({source})"
    if isinstance(value, ast.Dict):
        return f"Write return {_from_dict(judge, value)}"
    if isinstance(value, ast.Tuple) and 1 <= len(value.elts) <= len(("text", "link", "color")):
        return f"Write return message({', '.join(judge.source(part) for part in value.elts)})"
    return 'Write return message("…") or return hidden()'


def _from_dict(judge: ApiJudge, value: ast.Dict) -> str:
    keys = [key.value if isinstance(key, ast.Constant) else None for key in value.keys]
    given = dict(zip(keys, value.values, strict=True))
    if "text" not in given:
        return 'message("…")'
    named = [f"{name}={judge.source(given[name])}" for name in ("link", "color") if name in given]
    return f"message({', '.join([judge.source(given['text']), *named])})"
