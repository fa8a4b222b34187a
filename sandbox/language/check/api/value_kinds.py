"""Follows values through a script: which kinds an expression can have, where its text shows it.

The result of every step is true of each run, or empty, which means unknown. So the check is silent about what it does not
understand, and never flags a right script. Nothing is recursive in the names of a script: each round looks names up in the
result of the round before, and a chain that is longer than the rounds stays unknown.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from sandbox.language.check.names import ScriptNames
from sandbox.language.library_kinds import ATTRIBUTE_KINDS, CONSTANTS, METHOD_RESULTS, RESULTS
from sandbox.language.offered import BUILTIN_NAMES
from sandbox.language.script_api import RECORDS, SIGNATURES

from .clock_kinds import AWARE, NAIVE, UNKNOWN_KINDS, Kinds, clock_kinds, replaced_kinds
from .paths import open_end
from .scopes import Binding, FunctionScope, ParameterBinding, ScriptScopes

#: Through how many names and calls a value is followed.
ROUNDS = 5
#: Kinds that an expression can have at most; more are unknown.
MAX_KINDS = 6
NONE = "None"
FUNCTION = "function"
#: The functions that the sandbox calls, with their arguments, as the check demands them, and the kinds of these.
ENTRY_ARGUMENTS = {
    "status": {"user": "User", "session": "Session", "api": "Api"},
    "prepare": {"session": "Session", "api": "PrepareApi"},
}
_TIMES = frozenset({AWARE, NAIVE, "date"})
_DISPLAYS = {
    ast.JoinedStr: "str",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.List: "list",
    ast.ListComp: "list",
    ast.Tuple: "tuple",
    ast.Set: "set",
    ast.SetComp: "set",
    ast.Lambda: FUNCTION,
    ast.Compare: "bool",
}


def union(parts: Iterable[Kinds]) -> Kinds:
    """All kinds together; unknown if one is unknown or there are too many."""
    found: set[str] = set()
    for part in parts:
        if not part:
            return UNKNOWN_KINDS
        found |= part
    return frozenset(found) if len(found) <= MAX_KINDS else UNKNOWN_KINDS


class ValueKinds:
    """The kinds of a script's values: `of` gives those of an expression, empty if unknown."""

    def __init__(self, tree: ast.Module, names: ScriptNames) -> None:
        self.scopes = ScriptScopes(tree)
        self.names = names
        self._memo: dict[ast.expr, Kinds] = {}
        self._variables: dict[tuple[FunctionScope, str], Kinds] = {}
        self._results: dict[ast.FunctionDef, Kinds] = {}
        self._calls = self._call_sites()
        #: Whether the script makes errors of its own, whose kinds may be any text.
        self.makes_api_errors = any(
            isinstance(node, ast.Call) and names.meaning(node.func) == "ApiError" for node in names.nodes
        )
        self.status = self._entry_function("status")
        self.prepare = self._entry_function("prepare")
        if self.prepare is not None and not self._is_called_rightly(self.prepare):
            self.prepare = None  # a function of the script's own that happens to have this name
        self._may_end = {
            function: open_end(function.body) is not None
            for function in self.scopes.functions
            if isinstance(function, ast.FunctionDef)
        }
        for _ in range(ROUNDS):
            self._memo = {}
            self._follow()
        self._memo = {}

    def of(self, node: ast.expr) -> Kinds:
        """The kinds that an expression can have; empty if unknown."""
        if node not in self._memo:
            self._memo[node] = self._evaluate(node)
        return self._memo[node]

    def present(self, node: ast.expr) -> Kinds:
        """The same without `None`: the kinds of a value that is there."""
        return self.of(node) - {NONE}

    def tested(self, node: ast.expr) -> Kinds:
        """The kinds that are sure where a value is used: a name may have been tested for `None` before, which is not followed."""
        return self.present(node) if isinstance(node, ast.Name) else self.of(node)

    def result_of(self, function: ast.FunctionDef) -> Kinds:
        """The kinds that a function of the script returns."""
        return self._results.get(function, UNKNOWN_KINDS)

    def calls_of(self, function: ast.AST) -> list[ast.Call] | None:
        """Every call of a function of the script; None if it can be called in a way that the text does not show."""
        return self._calls.get(function)

    # names

    def _entry_function(self, name: str) -> ast.FunctionDef | None:
        found = self.scopes.module.bindings.get(name, [])
        function = found[0] if len(found) == 1 else None
        return function if isinstance(function, ast.FunctionDef) else None

    def _is_called_rightly(self, function: ast.FunctionDef) -> bool:
        """Whether only the sandbox calls it, with the arguments that it has."""
        is_its_own = self._calls.get(function, []) == []
        return is_its_own and has_arguments(function.args, list(ENTRY_ARGUMENTS[function.name]))

    def _call_sites(self) -> dict[ast.AST, list[ast.Call] | None]:
        calls = {node.func: node for node in self.names.nodes if isinstance(node, ast.Call) and _is_plain(node)}
        found: dict[ast.AST, list[ast.Call] | None] = {}
        for node in self.names.nodes:
            if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
                continue
            for binding in self.scopes.bindings(node):
                if isinstance(binding, ast.FunctionDef):
                    sites = found.setdefault(binding, [])
                    if sites is not None and node in calls:
                        sites.append(calls[node])
                    else:
                        found[binding] = None
        return found

    def _follow(self) -> None:
        """One round: the kinds of all names and results, from those of the round before."""
        variables = {
            (scope, name): union(self._of_binding(binding) for binding in bindings)
            for scope in (self.scopes.module, *self.scopes.functions.values())
            for name, bindings in scope.bindings.items()
        }
        self._results = {
            function: union(self._returned(function, self.scopes.functions[function])) for function in self._may_end
        }
        self._variables = variables

    def _of_binding(self, binding: Binding) -> Kinds:
        if isinstance(binding, ParameterBinding):
            return self._of_parameter(binding)
        if isinstance(binding, ast.ExceptHandler):
            is_api_error = isinstance(binding.type, ast.Name) and self.names.meaning(binding.type) == "ApiError"
            return frozenset(["ApiError"]) if is_api_error else UNKNOWN_KINDS
        if isinstance(binding, ast.FunctionDef):
            return frozenset([FUNCTION])
        return self.of(binding) if isinstance(binding, ast.expr) else UNKNOWN_KINDS

    def _of_parameter(self, parameter: ParameterBinding) -> Kinds:
        function, position = parameter.function, parameter.position
        calls = self._calls.get(function, [])
        if isinstance(function, ast.FunctionDef) and function in (self.status, self.prepare):
            wanted = ENTRY_ARGUMENTS[function.name]
            is_right = self._is_called_rightly(function) and position is not None
            return frozenset([wanted[parameter.name]]) if is_right else UNKNOWN_KINDS
        if not calls:
            return UNKNOWN_KINDS
        given = [argument_of(call, parameter) for call in calls]
        return union(self.of(value) if value is not None else UNKNOWN_KINDS for value in given)

    def _returned(self, function: ast.FunctionDef, scope: FunctionScope) -> Iterator[Kinds]:
        for node in scope.returns:
            yield self.of(node.value) if node.value else frozenset([NONE])
        if self._may_end[function]:
            yield frozenset([NONE])

    # expressions

    def _evaluate(self, node: ast.expr) -> Kinds:
        kind = _DISPLAYS.get(type(node))
        if kind is not None:
            return frozenset([kind])
        method = getattr(self, f"_of_{type(node).__name__.lower()}", None)
        found: Kinds = method(node) if method is not None else UNKNOWN_KINDS
        return found

    def _of_constant(self, node: ast.Constant) -> Kinds:
        return frozenset([NONE if node.value is None else type(node.value).__name__])

    def _of_name(self, node: ast.Name) -> Kinds:
        home = self.scopes.scope_of(node).home(node.id)
        if home is not None:
            return self._variables.get((home, node.id), UNKNOWN_KINDS)
        if node.id in SIGNATURES:
            return frozenset([node.id])
        return frozenset([FUNCTION]) if node.id in BUILTIN_NAMES else UNKNOWN_KINDS

    def _of_namedexpr(self, node: ast.NamedExpr) -> Kinds:
        return self.of(node.value)

    def _of_attribute(self, node: ast.Attribute) -> Kinds:
        meaning = self.names.meaning(node)
        if meaning is not None:
            return frozenset([CONSTANTS[meaning]]) if meaning in CONSTANTS else UNKNOWN_KINDS
        return union(_field_kinds(owner, node.attr) for owner in self.present(node.value))

    def _of_subscript(self, node: ast.Subscript) -> Kinds:
        is_text = self.present(node.value) == {"str"}
        return frozenset(["str"]) if is_text else UNKNOWN_KINDS

    def _of_boolop(self, node: ast.BoolOp) -> Kinds:
        *first, last = (self.of(value) for value in node.values)
        if isinstance(node.op, ast.And):
            return union([*first, last])
        return union([*(part - {NONE} if part != {NONE} else last for part in first), last])

    def _of_ifexp(self, node: ast.IfExp) -> Kinds:
        return union([self.of(node.body), self.of(node.orelse)])

    def _of_unaryop(self, node: ast.UnaryOp) -> Kinds:
        if isinstance(node.op, ast.Not):
            return frozenset(["bool"])
        kinds = self.present(node.operand)
        return kinds if kinds <= {"int", "float", "Decimal", "timedelta"} else UNKNOWN_KINDS

    def _of_binop(self, node: ast.BinOp) -> Kinds:
        left, right = self.present(node.left), self.present(node.right)
        if isinstance(node.op, ast.Mod) and left == {"str"}:
            return left
        if not left or not right or not isinstance(node.op, ast.Add | ast.Sub):
            return UNKNOWN_KINDS
        if left <= _TIMES and right == {"timedelta"}:
            return left
        if isinstance(node.op, ast.Sub) and left == right and left <= _TIMES and len(left) == 1:
            return frozenset(["timedelta"])
        is_sum = left == right and left in ({"str"}, {"int"}, {"float"}, {"Decimal"}, {"timedelta"})
        return left if is_sum and (isinstance(node.op, ast.Add) or left != {"str"}) else UNKNOWN_KINDS

    def _of_call(self, node: ast.Call) -> Kinds:
        function = self.scopes.function(node.func)
        if function is not None:
            return self.result_of(function)
        meaning = self.names.meaning(node.func)
        if meaning is not None and meaning not in SIGNATURES:
            if meaning == "datetime.datetime" or meaning.startswith("datetime.datetime."):
                return clock_kinds(meaning, node, self.of)
            return frozenset([RESULTS[meaning]]) if meaning in RESULTS else UNKNOWN_KINDS
        called = self.of(node.func)
        if called and called <= SIGNATURES.keys():
            return union(SIGNATURES[one].result for one in called)
        return self._of_method(node) if isinstance(node.func, ast.Attribute) else UNKNOWN_KINDS

    def _of_method(self, node: ast.Call) -> Kinds:
        assert isinstance(node.func, ast.Attribute)
        owners, name = self.present(node.func.value), node.func.attr
        if name == "replace" and owners and owners <= {AWARE, NAIVE}:
            return union(replaced_kinds(owner, node, self.of) for owner in owners)
        results = [METHOD_RESULTS.get((owner, name)) for owner in owners]
        return union(frozenset([result]) if result else UNKNOWN_KINDS for result in results)


def _field_kinds(owner: str, name: str) -> Kinds:
    if owner in RECORDS:
        return RECORDS[owner].fields.get(name, UNKNOWN_KINDS)
    kind = ATTRIBUTE_KINDS.get((owner, name))
    return frozenset([kind]) if kind else UNKNOWN_KINDS


def _is_plain(call: ast.Call) -> bool:
    """Whether the text of a call shows which arguments it passes."""
    return not any(isinstance(part, ast.Starred) for part in call.args) and all(word.arg for word in call.keywords)


def has_arguments(args: ast.arguments, names: list[str]) -> bool:
    """Whether a function takes exactly these, in this order and without defaults."""
    extra = args.posonlyargs or args.kwonlyargs or args.vararg or args.kwarg or args.defaults
    return not extra and [arg.arg for arg in args.args] == names


def argument_of(call: ast.Call, parameter: ParameterBinding) -> ast.expr | None:
    """What a call passes for a parameter, or the parameter's default; None if the text does not show it."""
    for word in call.keywords:
        if word.arg == parameter.name:
            return word.value
    position, args = parameter.position, parameter.function.args
    if position is None:
        defaults = dict(zip([arg.arg for arg in args.kwonlyargs], args.kw_defaults, strict=True))
        return defaults.get(parameter.name)
    if position < len(call.args):
        return call.args[position]
    first = len(args.posonlyargs) + len(args.args) - len(args.defaults)
    return args.defaults[position - first] if position >= first else None
