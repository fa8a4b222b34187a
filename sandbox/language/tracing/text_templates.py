"""What the text of each `message(…)` is made of, as far as the script shows it: fixed parts, and holes for the rest.

It is only for people who read a list of messages, and it never decides anything: variables, parameters and the script's
own functions are followed a few steps, and what cannot be followed is a hole.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Iterator

from sandbox.language.check.constructs.match_patterns import captures

#: The parts of a text in their order; None is a hole.
Template = tuple[str | None, ...]

MAX_SITES, MAX_TEMPLATES, MAX_PARTS, PART_CHARS = 200, 24, 20, 200
_DEPTH = 6  #: how many names, calls and operators are followed
_MAX_STEPS = 20_000  #: expressions that are read in one script
_HOLE: Template = (None,)
_PERCENT = re.compile(r"%(?:%|(?:\([^)]*\))?[-+ #0-9.*]*[a-zA-Z])")
_FIELD = re.compile(r"\{\{|\}\}|\{[^{}]*\}")


def templates_of(tree: ast.Module) -> dict[int, tuple[Template, ...]]:
    """The templates of the texts, by the line of the call of `message`."""
    reader = _TextReader(tree)
    found: dict[int, list[Template]] = {}
    for scope, node in reader.calls_of("message"):
        text = node.args[0] if node.args else next((word.value for word in node.keywords if word.arg == "text"), None)
        if text is not None and (node.lineno in found or len(found) < MAX_SITES):
            found.setdefault(node.lineno, []).extend(reader.read(text, scope, _DEPTH))
    return {line: _bounded(templates) for line, templates in found.items()}


class _TextReader:
    """Follows expressions that make a text."""

    def __init__(self, tree: ast.Module) -> None:
        self._functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
        self._scopes: dict[str, ast.AST] = {"": tree, **self._functions}
        self._bound = {name: _bindings(scope) for name, scope in self._scopes.items()}
        self._steps = 0
        self._calls: dict[str, list[tuple[str, ast.Call]]] = {}
        for scope, function in self._functions.items():
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    self._calls.setdefault(node.func.id, []).append((scope, node))

    def calls_of(self, name: str) -> list[tuple[str, ast.Call]]:
        """The calls of a function by its name, with the name of the function that they are in."""
        return self._calls.get(name, [])

    def read(self, node: ast.expr, scope: str, depth: int) -> list[Template]:
        """The templates of an expression; a hole if there are too many, or if too much was followed already."""
        self._steps += 1
        if depth <= 0 or self._steps > _MAX_STEPS:
            return [_HOLE]
        found = list(itertools.islice(self._read(node, scope, depth - 1), MAX_TEMPLATES + 1))
        return found if len(found) <= MAX_TEMPLATES else [_HOLE]

    def _read(self, node: ast.expr, scope: str, depth: int) -> Iterable[Template]:
        if isinstance(node, ast.Constant):
            return [(str(node.value),)] if isinstance(node.value, str | int) else [_HOLE]
        if isinstance(node, ast.JoinedStr):
            return self._joined([self._part(part, scope, depth) for part in node.values])
        if isinstance(node, ast.IfExp):
            return [*self.read(node.body, scope, depth), *self.read(node.orelse, scope, depth)]
        if isinstance(node, ast.BoolOp):
            return [one for value in node.values for one in self.read(value, scope, depth)]
        if isinstance(node, ast.BinOp):
            return self._operation(node, scope, depth)
        if isinstance(node, ast.Name):
            return self._name(node.id, scope, depth)
        if isinstance(node, ast.Subscript):
            return self._values_of(node.value, scope, depth)
        return self._call(node, scope, depth) if isinstance(node, ast.Call) else [_HOLE]

    def _part(self, node: ast.expr, scope: str, depth: int) -> list[Template]:
        if isinstance(node, ast.FormattedValue):
            is_plain = node.format_spec is None and isinstance(node.value, ast.Name | ast.Constant | ast.IfExp)
            return self.read(node.value, scope, depth) if is_plain else [_HOLE]
        return self.read(node, scope, depth)

    def _operation(self, node: ast.BinOp, scope: str, depth: int) -> Iterable[Template]:
        if isinstance(node.op, ast.Add):
            return self._joined([self.read(node.left, scope, depth), self.read(node.right, scope, depth)])
        if isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
            return [_with_holes(node.left.value, _PERCENT, {"%%": "%"})]
        return [_HOLE]

    def _name(self, name: str, scope: str, depth: int) -> Iterable[Template]:
        bound = self._bound[scope].get(name)
        if bound is None and scope:
            bound = self._bound[""].get(name, [None])
            scope = "" if name in self._bound[""] else scope
        found: list[Template] = []
        for value in bound or []:
            found += [_HOLE] if value is None else self.read(value, scope, depth)
        return [*found, *self._arguments(name, scope, depth)] if self._is_parameter(name, scope) else found or [_HOLE]

    def _is_parameter(self, name: str, scope: str) -> bool:
        function = self._functions.get(scope)
        return function is not None and any(name == part.arg for part in function.args.args)

    def _arguments(self, name: str, scope: str, depth: int) -> Iterator[Template]:
        """What the script's own calls pass for a parameter."""
        position = [part.arg for part in self._functions[scope].args.args].index(name)
        for caller, node in self.calls_of(scope)[: MAX_TEMPLATES + 1]:
            value = next((word.value for word in node.keywords if word.arg == name), None)
            plain = list(itertools.takewhile(lambda part: not isinstance(part, ast.Starred), node.args))
            value = plain[position] if value is None and position < len(plain) else value
            yield from [_HOLE] if value is None else self.read(value, caller, depth)

    def _call(self, node: ast.Call, scope: str, depth: int) -> Iterable[Template]:
        if isinstance(node.func, ast.Attribute):
            if node.func.attr == "get":
                default = [self.read(part, scope, depth) for part in node.args[1:2]]
                return [*self._values_of(node.func.value, scope, depth), *itertools.chain(*default)]
            if node.func.attr == "format" and isinstance(node.func.value, ast.Constant):
                return [_with_holes(str(node.func.value.value), _FIELD, {"{{": "{", "}}": "}"})]
            return [_HOLE]
        function = self._functions.get(node.func.id) if isinstance(node.func, ast.Name) else None
        if function is None:
            return [_HOLE]
        returned = [inner.value for inner in ast.walk(function) if isinstance(inner, ast.Return) and inner.value]
        return [one for value in returned for one in self.read(value, function.name, depth)]

    def _values_of(self, node: ast.expr, scope: str, depth: int) -> Iterable[Template]:
        """What can be read from a table that the script writes itself."""
        if isinstance(node, ast.Name):
            bound = self._bound[scope].get(node.id) or self._bound[""].get(node.id) or []
            node = bound[0] if len(bound) == 1 and bound[0] is not None else node
        if isinstance(node, ast.Dict):
            return [one for value in node.values for one in self.read(value, scope, depth)]
        if isinstance(node, ast.List | ast.Tuple):
            return [one for value in node.elts for one in self.read(value, scope, depth)]
        return [_HOLE]

    def _joined(self, parts: list[list[Template]]) -> Iterator[Template]:
        for choice in itertools.product(*parts):
            yield _merged(itertools.chain(*choice))


def _bindings(scope: ast.AST) -> dict[str, list[ast.expr | None]]:
    """What is assigned to each name in a scope; None is what cannot be followed."""
    bound: dict[str, list[ast.expr | None]] = {}
    for node in _own_nodes(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    bound.setdefault(target.id, []).append(node.value)
                else:
                    _bind_unknown(target, bound)
        elif isinstance(node, ast.AugAssign | ast.For | ast.NamedExpr):
            _bind_unknown(node.target, bound)
        for name in captures(node):
            bound.setdefault(name, []).append(None)
    for name in (name for node in ast.walk(scope) if isinstance(node, ast.Nonlocal) for name in node.names):
        bound.setdefault(name, []).append(None)  # an inner function changes it
    if isinstance(scope, ast.FunctionDef):
        for part in scope.args.args:
            bound.setdefault(part.arg, [])
    return bound


def _own_nodes(scope: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(scope):
        yield node
        if not isinstance(node, ast.FunctionDef):
            yield from _own_nodes(node)


def _bind_unknown(target: ast.expr, bound: dict[str, list[ast.expr | None]]) -> None:
    for node in ast.walk(target):
        if isinstance(node, ast.Name):
            bound.setdefault(node.id, []).append(None)


def _with_holes(text: str, holes: re.Pattern[str], escapes: dict[str, str]) -> Template:
    parts: list[str | None] = []
    end = 0
    for match in holes.finditer(text):
        parts += [text[end : match.start()], escapes.get(match[0])]
        end = match.end()
    return _merged([*parts, text[end:]])


def _merged(parts: Iterable[str | None]) -> Template:
    """The parts with neighbours put together: fixed parts to one, holes to one."""
    merged: list[str | None] = []
    for part in parts:
        if part == "":
            continue
        if merged and part is None and merged[-1] is None:
            continue
        if merged and part is not None and merged[-1] is not None:
            merged[-1] += part
        else:
            merged.append(part)
    return tuple(merged)


def _bounded(templates: list[Template]) -> tuple[Template, ...]:
    kept = dict.fromkeys(one for one in templates if one and len(one) <= MAX_PARTS)
    fitting = [one for one in kept if all(part is None or len(part) <= PART_CHARS for part in one)]
    return (*fitting[:MAX_TEMPLATES],) or (_HOLE,)
