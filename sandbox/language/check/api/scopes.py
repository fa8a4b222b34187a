"""Which names the functions of a script bind, and to what: the ground on which the check follows values.

A name is followed only where every binding is understood. What is not understood is bound to `UNKNOWN`, so that the
check says nothing about it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

#: A binding of which nothing is known.
UNKNOWN: Final = "unknown"

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True)
class ParameterBinding:
    """A parameter of one of the script's functions; `position` is None for one that is only given by name."""

    function: FunctionNode
    name: str
    position: int | None


#: What a name is bound to: an expression, a function, a parameter, the error of a handler, or `UNKNOWN`.
Binding = ast.expr | ast.FunctionDef | ParameterBinding | ast.ExceptHandler | str


@dataclass(eq=False)
class FunctionScope:
    """The names of one function, or of the module."""

    parent: FunctionScope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    returns: list[ast.Return] = field(default_factory=list)

    def bind(self, name: str, binding: Binding) -> None:
        """Add one binding of a name."""
        self.bindings.setdefault(name, []).append(binding)

    def home(self, name: str) -> FunctionScope | None:
        """The scope in which a name is bound that is read here; None if there is none."""
        scope: FunctionScope | None = self
        while scope is not None and name not in scope.bindings:
            scope = scope.parent
        return scope


class ScriptScopes:
    """The scopes of a script: `scope_of` gives the scope in which a node is evaluated."""

    def __init__(self, tree: ast.Module) -> None:
        self.module = FunctionScope(None)
        self.functions: dict[FunctionNode, FunctionScope] = {}
        self._scope_of: dict[ast.AST, FunctionScope] = {}
        self._outer_names: list[tuple[FunctionScope, str]] = []
        self._narrowed: list[ast.Name] = []
        for node in tree.body:
            self._walk(node, self.module)
        self._forget_doubtful()

    def scope_of(self, node: ast.AST) -> FunctionScope:
        """The scope in which a node is evaluated."""
        return self._scope_of.get(node, self.module)

    def bindings(self, node: ast.Name) -> list[Binding]:
        """Every binding that a name may have where it is read; empty for a built-in name."""
        home = self.scope_of(node).home(node.id)
        return home.bindings[node.id] if home else []

    def function(self, node: ast.expr) -> ast.FunctionDef | None:
        """The script's own function that a name means, if it can mean nothing else."""
        found = self.bindings(node) if isinstance(node, ast.Name) else []
        return found[0] if len(found) == 1 and isinstance(found[0], ast.FunctionDef) else None

    def _walk(self, node: ast.AST, scope: FunctionScope) -> None:
        self._scope_of[node] = scope
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            self._enter(node, scope)
            return
        for name, binding in _bound_by(node):
            scope.bind(name, binding)
        if isinstance(node, ast.Return):
            scope.returns.append(node)
        if isinstance(node, ast.Global | ast.Nonlocal):
            self._outer_names += [(scope, name) for name in node.names]
        if _is_type_test(node):
            self._narrowed.append(node.args[0])  # type: ignore[attr-defined]  # a call
        if isinstance(node, ast.Match) and isinstance(node.subject, ast.Name):
            self._narrowed.append(node.subject)
        for child in ast.iter_child_nodes(node):
            self._walk(child, scope)

    def _enter(self, node: FunctionNode, scope: FunctionScope) -> None:
        if not isinstance(node, ast.Lambda):
            scope.bind(node.name, node if isinstance(node, ast.FunctionDef) else UNKNOWN)
        inner = self.functions[node] = FunctionScope(scope)
        args = node.args
        for position, arg in enumerate([*args.posonlyargs, *args.args]):
            inner.bind(arg.arg, ParameterBinding(node, arg.arg, position))
        for arg in args.kwonlyargs:
            inner.bind(arg.arg, ParameterBinding(node, arg.arg, None))
        for rest in (args.vararg, args.kwarg):
            if rest is not None:
                inner.bind(rest.arg, UNKNOWN)
        outside: list[ast.expr] = [*args.defaults, *(each for each in args.kw_defaults if each is not None)]
        outside += [] if isinstance(node, ast.Lambda) else node.decorator_list
        for child in outside:
            self._walk(child, scope)
        body: list[ast.stmt] | list[ast.expr] = [node.body] if isinstance(node, ast.Lambda) else node.body
        for part in body:
            self._walk(part, inner)

    def _forget_doubtful(self) -> None:
        """Names that another function changes, or whose type the script itself tests, are not followed."""
        for tested in self._narrowed:
            home = self.scope_of(tested).home(tested.id)
            if home is not None:
                home.bind(tested.id, UNKNOWN)
        for inner, name in self._outer_names:
            scope: FunctionScope | None = inner
            while scope is not None:
                if name in scope.bindings:
                    scope.bind(name, UNKNOWN)
                scope = scope.parent


def _is_type_test(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
        return False
    return node.func.id in {"isinstance", "callable"} and isinstance(node.args[0], ast.Name)


def _bound_by(node: ast.AST) -> Iterator[tuple[str, Binding]]:
    """The names that one node binds by itself; names inside targets that are no plain assignment are bound to `UNKNOWN`."""
    if isinstance(node, ast.Assign):
        yield from _assigned(node)
    elif isinstance(node, ast.AnnAssign):
        if isinstance(node.target, ast.Name) and node.value is not None:
            yield node.target.id, node.value
    elif isinstance(node, ast.NamedExpr):
        yield node.target.id, node.value
    elif isinstance(node, ast.ExceptHandler):
        yield from [(node.name, node)] if node.name else []
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name.split(".")[0], UNKNOWN) for alias in node.names)
    else:
        yield from _bound_to_unknown(node)


def _assigned(node: ast.Assign) -> Iterator[tuple[str, Binding]]:
    is_plain = all(isinstance(target, ast.Name) for target in node.targets)
    for target in node.targets:
        if isinstance(target, ast.Name) and is_plain:
            yield target.id, node.value
        else:
            yield from _unknown(target)


def _bound_to_unknown(node: ast.AST) -> Iterator[tuple[str, Binding]]:
    if isinstance(node, ast.For | ast.AsyncFor | ast.comprehension | ast.AugAssign):
        yield from _unknown(node.target)
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield from _unknown(node.optional_vars)
    elif isinstance(node, ast.Delete):
        for target in node.targets:
            yield from _unknown(target)
    elif isinstance(node, ast.ClassDef | ast.MatchAs | ast.MatchStar):
        yield from [(node.name, UNKNOWN)] if node.name else []
    elif isinstance(node, ast.MatchMapping):
        yield from [(node.rest, UNKNOWN)] if node.rest else []


def _unknown(target: ast.expr) -> Iterator[tuple[str, Binding]]:
    for part in ast.walk(target):
        if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
            yield part.id, UNKNOWN
