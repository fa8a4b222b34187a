"""Makes a program that fails as small as it can be: deletes statements and arguments while it still fails.

What is left is what a person has to understand, and the names in it are by what one finding is told from another.
"""

from __future__ import annotations

import ast
import copy
import re
import time
from collections.abc import Callable, Iterator, Sequence

from tests.attacks.fuzz import batch
from tests.attacks.fuzz.names import targets
from tests.attacks.fuzz.running import Build, Finding, fails, numbers

SECONDS = 8.0  #: for one program; what is left then is small enough
_SHALLOW = "DEEP = 60"
_OWNER = re.compile(r"<([a-z_][\w.-]*)")
_WORD = re.compile(r"[A-Za-z_][\w.]*")


def shrink(build: Build, program: str, kind: str) -> str:
    """The smallest program found that has a finding of this kind."""
    end = time.monotonic() + SECONDS

    def still(text: str) -> bool:
        return time.monotonic() < end and fails(build, batch.source([text]), kind)

    tree = ast.parse(program)
    for candidates in (_without_statement, _hoisted, _unwrapped, _without_statement):
        tree = _reduced(tree, candidates, still)
    return ast.unparse(tree) + "\n"


def is_deep_only(build: Build, programs: Sequence[str], kind: str) -> bool:
    """Whether programs that failed once did so for their depth alone: with few levels instead of very many they are fine.

    Whether very many levels use up the stack or the time first is another thing on each day, so that is not asked again.
    """
    deep = batch.HELPERS["DEEP"]
    source = batch.source(programs)
    return deep in source and not fails(build, source.replace(deep, _SHALLOW), kind, len(programs))


def signature(finding: Finding, program: str) -> str:
    """What tells one finding from another: its kind, and the offered names in the smallest program."""
    if finding.kind == "address":
        before = finding.text[: finding.text.find(numbers(finding.text)[0])]
        owners = [owner for owner in _OWNER.findall(before) if owner not in {"locals", "genexpr", "lambda"}]
        return f"address of {owners[-1] if owners else 'a value'}"
    offered = {target.text for target in targets() if not target.needs_value}
    words = _WORD.findall(program)
    named = {word for word in words if word in offered} - {"len", "range", "str", "list", "Exception", "zip"}
    deep = ["deep"] if "DEEP" in words else []
    return " ".join([finding.kind, *deep, *sorted(name.rpartition("itertools.")[2] for name in named)])


def _reduced(
    tree: ast.Module, candidates: Callable[[ast.Module], Iterator[ast.Module]], still: Callable[[str], bool]
) -> ast.Module:
    """The last of the smaller trees that still fails, tried one by one from the first again after each success."""
    while True:
        smaller = next((tried for tried in candidates(tree) if still(ast.unparse(tried) + "\n")), None)
        if smaller is None:
            return tree
        tree = smaller


def _without_statement(tree: ast.Module) -> Iterator[ast.Module]:
    """The tree without one of its statements; the last ones first, as they need the others."""
    places = [(number, index) for number, body in enumerate(_bodies(tree)) for index in range(len(body))]
    for number, index in reversed(places):
        tried = copy.deepcopy(tree)
        body = list(_bodies(tried))[number]
        if isinstance(body[index], ast.Pass):
            continue
        del body[index]
        if not body:
            body.append(ast.Pass())
        yield tried


def _hoisted(tree: ast.Module) -> Iterator[ast.Module]:
    """The tree with one loop or condition replaced by what stands in it."""
    places = [(number, index) for number, body in enumerate(_bodies(tree)) for index in range(len(body))]
    for number, index in places:
        tried = copy.deepcopy(tree)
        body = list(_bodies(tried))[number]
        inner = body[index]
        if isinstance(inner, ast.If | ast.For | ast.While):
            body[index : index + 1] = inner.body
            yield tried


def _unwrapped(tree: ast.Module) -> Iterator[ast.Module]:
    """The tree with one call replaced by one of its arguments, or by None."""
    count = sum(isinstance(node, ast.Call) for node in ast.walk(tree))
    for number in range(count):
        for index in range(3):
            tried = copy.deepcopy(tree)
            call = [node for node in ast.walk(tried) if isinstance(node, ast.Call)][number]
            if index < len(call.args):
                yield _Replace(call, call.args[index]).visit(tried)
        tried = copy.deepcopy(tree)
        call = [node for node in ast.walk(tried) if isinstance(node, ast.Call)][number]
        yield _Replace(call, ast.Constant(None)).visit(tried)


def _bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Every list of statements inside the program's function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Module):
            continue
        for name in ("body", "orelse"):
            body = getattr(node, name, None)
            if isinstance(body, list):
                yield body


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self._new if node is self._old else super().visit(node)
