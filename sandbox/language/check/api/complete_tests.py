"""Tells whether the tests of an `if` with its `elif`s cover every case, so that one of them is always true.

For example `a < b` with `a >= b`, `x` with `not x`, `kind == "a"` with `kind != "a"`. It reads the text only: a comparison
that is never true, as one with NaN, and a call with another result the second time are not thought of.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from types import MappingProxyType

#: All ways in which two values can be to each other; for a truth value and a membership "=" stands for yes.
_EVERY = frozenset("<=>")
_YES, _NO = frozenset("="), frozenset("<>")
_ORDERS: Mapping[type[ast.cmpop], frozenset[str]] = MappingProxyType(
    {
        ast.Lt: frozenset("<"),
        ast.LtE: frozenset("<="),
        ast.Gt: frozenset(">"),
        ast.GtE: frozenset("=>"),
        ast.Eq: _YES,
        ast.NotEq: _NO,
    }
)
_PAIRS: Mapping[type[ast.cmpop], tuple[str, frozenset[str]]] = MappingProxyType(
    {ast.Is: ("is", _YES), ast.IsNot: ("is", _NO), ast.In: ("in", _YES), ast.NotIn: ("in", _NO)}
)
_MIRRORED = MappingProxyType({"<": ">", "=": "=", ">": "<"})
#: What is tested, and when the test is true.
_Case = tuple[tuple[str, ...], frozenset[str]]


def are_complete(tests: Iterable[ast.expr]) -> bool:
    """Whether one of these tests is always true."""
    covered: dict[tuple[str, ...], frozenset[str]] = {}
    for test in tests:
        subject, cases = _case_of(test)
        covered[subject] = covered.get(subject, frozenset()) | cases
        if covered[subject] == _EVERY:
            return True
    return False


def _case_of(test: ast.expr) -> _Case:
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        subject, cases = _case_of(test.operand)
        return subject, _EVERY - cases
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        kind, left, right = type(test.ops[0]), ast.dump(test.left), ast.dump(test.comparators[0])
        if kind in _ORDERS and left <= right:
            return ("order", left, right), _ORDERS[kind]
        if kind in _ORDERS:
            return ("order", right, left), frozenset(_MIRRORED[one] for one in _ORDERS[kind])
        name, cases = _PAIRS[kind]
        return (name, left, right), cases
    return ("truth", ast.dump(test)), _YES
