"""Tells which values at module level follow from the text alone, so that a reviewer can read them at a glance.

Such are literals, arithmetic and comprehensions on them, a few calls, lambdas, and tables of the script's own functions,
which are only called inside `status`. What runs before `status` gets no input and none of the script's own functions runs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .names import RECORD_MAKER, ScriptNames

#: Calls whose value follows from their arguments.
_CALLS = frozenset(
    [
        "collections.Counter",
        "collections.OrderedDict",
        "collections.deque",
        "collections.namedtuple",
        "datetime.date",
        "datetime.datetime",
        "datetime.time",
        "datetime.timedelta",
        "datetime.timezone",
        "decimal.Decimal",
        "dict",
        "frozenset",
        "list",
        "math.sqrt",
        "re.compile",
        "re.escape",
        "set",
        "str.maketrans",
        "textwrap.dedent",
        "tuple",
        "zoneinfo.ZoneInfo",
        "range",
        "int",
        "float",
        "str",
        "bool",
        "bytes",
        "json.loads",
        "datetime.datetime.fromisoformat",
        "datetime.date.fromisoformat",
        "datetime.time.fromisoformat",
        "dict.fromkeys",
        "enumerate",
        "len",
        "max",
        "min",
        "sorted",
        "sum",
        "zip",
    ]
)
_METHODS = frozenset(
    [
        "encode",
        "join",
        "lower",
        "replace",
        "split",
        "splitlines",
        "strip",
        "upper",
        "title",
        "casefold",
        "items",
        "keys",
        "values",
    ]
)
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.BitOr, ast.BitAnd)
#: Expressions that are constant if all their parts are.
_COMPOSITE = (
    *(ast.Constant, ast.UnaryOp, ast.BinOp, ast.BoolOp, ast.Compare, ast.IfExp, ast.List, ast.Tuple, ast.Set, ast.Dict),
    *(ast.JoinedStr, ast.FormattedValue, ast.Subscript, ast.Slice, ast.Starred),
)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class EarlyUse:
    """A function that a value names before it is defined."""

    node: ast.Name
    line: int  #: of the definition


class ConstantReader:
    """Reads the statements of a module in their order, and knows which names have a value so far."""

    def __init__(self, names: ScriptNames, functions: Mapping[str, int]) -> None:
        self.early: list[EarlyUse] = []
        self._names = names
        self._later = dict(functions)  #: functions that are not yet defined, with the line of each
        self._functions: set[str] = set()
        self._values: set[str] = set()
        self._records: set[str] = set()  #: types of named tuples

    def define(self, function: str) -> None:
        """A function is defined here."""
        self._later.pop(function, None)
        self._functions.add(function)

    def take(self, node: ast.Assign) -> bool:
        """Whether an assignment gives names to constants; if so, the following ones may use these names."""
        parts = [
            part for target in node.targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])
        ]
        if not all(isinstance(part, ast.Name) for part in parts) or not self._is_constant(node.value, frozenset()):
            return False
        taken = {part.id for part in parts if isinstance(part, ast.Name)}
        self._values |= taken
        if isinstance(node.value, ast.Call) and self._names.meaning(node.value.func) == RECORD_MAKER:
            self._records |= taken
        return True

    def _is_constant(self, node: ast.expr, local: frozenset[str]) -> bool:
        """Whether a value follows from the text; `local` are the targets of the comprehensions around it."""
        if isinstance(node, ast.Name):
            return self._is_known(node, local)
        if isinstance(node, ast.Attribute):
            return self._names.meaning(node) is not None
        if isinstance(node, ast.Lambda):
            return True
        if isinstance(node, ast.Call):
            return self._is_constant_call(node, local)
        if isinstance(node, _COMPREHENSIONS):
            return self._is_constant_comprehension(node, local)
        if not isinstance(node, _COMPOSITE) or (isinstance(node, ast.BinOp) and not isinstance(node.op, _OPERATORS)):
            return False
        return self._are_constant((part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)), local)

    def _are_constant(self, nodes: Iterable[ast.expr], local: frozenset[str]) -> bool:
        return all(self._is_constant(node, local) for node in nodes)

    def _is_known(self, node: ast.Name, local: frozenset[str]) -> bool:
        if node.id in self._later:
            self.early.append(EarlyUse(node, self._later[node.id]))
            return True
        is_own = node.id in local or node.id in self._values or node.id in self._functions
        return is_own or self._names.meaning(node) is not None

    def _is_constant_call(self, node: ast.Call, local: frozenset[str]) -> bool:
        parts: list[ast.expr] = [*node.args, *(word.value for word in node.keywords)]
        if any(self._runs_code(part) for part in parts):
            return False
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in _METHODS and self._names.meaning(function) is None:
            return self._are_constant([function.value, *parts], local)
        is_known = self._names.meaning(function) in _CALLS
        is_record = isinstance(function, ast.Name) and function.id in self._records
        return (is_known or is_record) and self._are_constant(parts, local)

    def _runs_code(self, node: ast.expr) -> bool:
        """Whether a part could make a call run a function of the script."""
        return any(
            isinstance(part, ast.Lambda)
            or (isinstance(part, ast.Name) and (part.id in self._functions or part.id in self._later))
            for part in ast.walk(node)
        )

    def _is_constant_comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp, local: frozenset[str]
    ) -> bool:
        for each in node.generators:
            if not self._is_constant(each.iter, local):
                return False
            local |= {part.id for part in ast.walk(each.target) if isinstance(part, ast.Name)}
            if not self._are_constant(each.ifs, local):
                return False
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        return self._are_constant(results, local)
