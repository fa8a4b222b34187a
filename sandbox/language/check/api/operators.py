"""Checks operators between values whose kinds are known: times with and without a zone, text and numbers."""

from __future__ import annotations

import ast
import itertools

from .clock_kinds import AWARE, NAIVE, Kinds
from .fields import is_uncalled, report_uncalled
from .judge import ApiJudge, words_for

_ORDERING = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
#: Kind -> the family of kinds that Python can order among each other.
_FAMILIES = {
    **dict.fromkeys(("int", "float", "bool", "Decimal"), "number"),
    **{kind: kind for kind in ("str", "bytes", "list", "tuple", "timedelta", "date", AWARE, NAIVE)},
}
#: Kinds that cannot be joined with text.
_NOT_TEXT = frozenset({*_FAMILIES, "dict", "FrozenDict", "set", "User", "Session", "Response", "Scans", "None"}) - {
    "str"
}
_NAIVE_FUNCTIONS = frozenset({"datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today"})
_CALCULATING = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod)
_NUMBERS = frozenset({"int", "float", "Decimal"})


def check_compare(judge: ApiJudge, node: ast.Compare) -> None:
    """Report an order between values that have none, and a function that is compared in place of its result."""
    operands = [node.left, *node.comparators]
    for left, operator, right in zip(operands, node.ops, node.comparators, strict=False):
        if not isinstance(operator, _ORDERING):
            continue
        uncalled = next((part for part in (left, right) if is_uncalled(judge.values.of(part))), None)
        if uncalled is not None:
            report_uncalled(judge, uncalled)
            return
        if _report_order(judge, node, left, right, "compared"):
            return


def check_extremes(judge: ApiJudge, node: ast.Call) -> None:
    """Report `min` and `max` of values that have no order."""
    meaning = judge.values.names.meaning(node.func)
    if meaning not in {"min", "max"} or node.keywords or any(isinstance(part, ast.Starred) for part in node.args):
        return
    for left, right in itertools.pairwise(node.args):
        if _report_order(judge, node, left, right, "compared"):
            return


def check_arithmetic(judge: ApiJudge, node: ast.BinOp) -> None:
    """Report a difference between times with and without a zone, and text that is joined with another kind."""
    uncalled = next((part for part in (node.left, node.right) if is_uncalled(judge.values.of(part))), None)
    if uncalled is not None:
        report_uncalled(judge, uncalled)
    elif isinstance(node.op, ast.Sub):
        kinds = judge.values.present(node.left), judge.values.present(node.right)
        if sorted(map(sorted, kinds)) == [[AWARE], [NAIVE]]:
            _report_naive(judge, node, node.left, node.right, "subtracted")
    elif isinstance(node.op, ast.Add):
        _check_plus(judge, node)
    if isinstance(node.op, _CALCULATING):
        _check_exact(judge, node)


def _check_plus(judge: ApiJudge, node: ast.BinOp) -> None:
    left, right = judge.values.tested(node.left), judge.values.tested(node.right)
    if not left or not right or (left == {"str"}) == (right == {"str"}):
        return
    other, kinds = (node.right, right) if left == {"str"} else (node.left, left)
    if kinds <= _NOT_TEXT:
        source = judge.source(other, "value")
        judge.report(other, "text-plus", kind=words_for(kinds), instead=f"Write str({source}), or an f-string.")


def _check_exact(judge: ApiJudge, node: ast.BinOp) -> None:
    """Report a Decimal that is calculated with a float, or with a duration, which takes no Decimal."""
    left, right = judge.values.present(node.left), judge.values.present(node.right)
    for kinds, other, operand in ((left, right, node.right), (right, left, node.left)):
        if kinds == {"Decimal"} and other == {"float"}:
            instead = _as_decimal(judge, operand)
        elif kinds == {"timedelta"} and other == {"Decimal"} and isinstance(node.op, ast.Mult | ast.Div):
            instead = f"Write float({judge.source(operand, 'value')})"
        else:
            continue
        words = [words_for(part) for part in (left, right)]
        judge.report(node, "exact-and-float", left=words[0][0].upper() + words[0][1:], right=words[1], instead=instead)
        return


def _as_decimal(judge: ApiJudge, node: ast.expr) -> str:
    source = judge.source(node, "value")
    return f'Write Decimal("{source}")' if isinstance(node, ast.Constant) else f"Write Decimal(str({source}))"


def _report_order(judge: ApiJudge, node: ast.expr, left: ast.expr, right: ast.expr, action: str) -> bool:
    kinds = judge.values.present(left), judge.values.present(right)
    families = [{_FAMILIES.get(kind) for kind in part} for part in kinds]
    if any(None in part or not part for part in families) or families[0] & families[1]:
        return False
    if sorted(map(sorted, kinds)) == [[AWARE], [NAIVE]]:
        _report_naive(judge, node, left, right, action)
    else:
        instead = _aligned(judge, (left, right), kinds)
        words = [words_for(part) for part in kinds]
        judge.report(node, "cannot-compare", left=words[0][0].upper() + words[0][1:], right=words[1], instead=instead)
    return True


def _aligned(judge: ApiJudge, operands: tuple[ast.expr, ast.expr], kinds: tuple[Kinds, Kinds]) -> str:
    """How to make the two values comparable."""
    for (one, _), (kind, other) in zip((operands, operands[::-1]), (kinds, kinds[::-1]), strict=True):
        source = judge.source(one, "value")
        owner = judge.owner(one, "value")
        if kind == {"str"} and other <= {AWARE, NAIVE}:
            return f"Write datetime.fromisoformat({source}); the text must have a zone."
        if kind == {"str"} and other <= _NUMBERS:
            return f"Write {'int' if other == {'int'} else 'Decimal'}({source})"
        if kind <= {AWARE, NAIVE} and other == {"date"}:
            return f"Write {owner}.date()"
        if kind == {"timedelta"} and other <= _NUMBERS:
            return f"Write {owner}.total_seconds()"
    return "Convert one of the two first."


def _report_naive(judge: ApiJudge, node: ast.expr, left: ast.expr, right: ast.expr, action: str) -> None:
    naive = left if judge.values.present(left) == {NAIVE} else right
    origin = _origin(judge, naive)
    source = judge.source(naive, "the other")
    if _is_clock(judge, origin):
        judge.explained.add(origin)
        instead = (
            "Write api.now()"
            if origin is naive
            else f"Write api.now() where {source} gets its value, in line {origin.lineno}"
        )
    else:
        instead = f'Give it its zone: {judge.owner(naive, "value")}.replace(tzinfo=ZoneInfo("Europe/Paris"))'
    judge.report(node, "naive-compared", action=action, source=source, instead=instead)


def _origin(judge: ApiJudge, node: ast.expr) -> ast.expr:
    """The expression from which a name has its value, if that is one."""
    bound = judge.values.scopes.bindings(node) if isinstance(node, ast.Name) else []
    return bound[0] if len(bound) == 1 and isinstance(bound[0], ast.expr) else node


def _is_clock(judge: ApiJudge, node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and judge.values.names.meaning(node.func) in _NAIVE_FUNCTIONS
