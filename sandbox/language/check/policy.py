"""The RestrictedPython policy: refuses what the syntax check refuses, rewrites what authors need, inserts the guards.

It is never less strict than RestrictedPython's own policy, with these exceptions, which are safe because a script cannot
bind the names that they produce: `print` and imports are resolved to facades, `d[k] += 1` goes through its own guard,
a literal template keeps its `format`, and the script's own names may begin with one underscore. Nodes that are made here
are not visited again, so they may use guard names.

Invariant for the next editor: every load of an attribute or item, every iteration and every write to an item in the
result goes through a guard, and no name that `is_reserved` can be bound or read by a script.
"""

# ruff: noqa: N802, N815, D102 -- methods named after node types, as the ast module asks; the names say what they visit

from __future__ import annotations

import ast
from types import MappingProxyType
from typing import Any

from RestrictedPython.transformer import IOPERATOR_TO_STR, RestrictingNodeTransformer, copy_locations

from sandbox.language.rules.findings import Findings

from .constructs.match_patterns import captures, refused_patterns
from .constructs.match_rewriting import rewritten
from .constructs.own_names import is_reserved
from .constructs.star_calls import star_parts
from .constructs.type_names import named_value
from .format_templates import literal_template, template_fault
from .imports import bindings
from .names import ScriptNames

#: Operators that go through a guard; the others only compute.
_GUARDED_OPERATORS = MappingProxyType({ast.Mod: "%", ast.BitOr: "|", ast.BitAnd: "&", ast.BitXor: "^", ast.Sub: "-"})


class LanguagePolicy(RestrictingNodeTransformer):
    """Transforms a checked tree. Its own refusals are a second line of defence; after a correct check it refuses nothing."""

    def __init__(self, findings: Findings, names: ScriptNames | None = None) -> None:
        super().__init__()
        self._findings = findings
        self._matches = 0
        self._names = names  # of the tree that is visited; without them it looks itself
        self._enclosing: ast.AST = ast.Module([], [])  # the innermost enclosing node that has a place

    def visit(self, node: ast.AST) -> Any:
        enclosing = self._enclosing
        self._enclosing = node if hasattr(node, "lineno") else enclosing
        visited = super().visit(node)
        self._enclosing = enclosing
        return visited

    def error(self, node: ast.AST, info: str) -> None:  # noqa: ARG002 -- it names classes of syntax trees
        place = node if hasattr(node, "lineno") else self._enclosing
        self._findings.node(place, "restricted", part=self._findings.first_words(place))

    def _refuse(self, node: ast.AST) -> ast.AST:
        self.not_allowed(node)
        return node

    visit_ClassDef = _refuse
    visit_With = _refuse
    visit_Yield = _refuse
    visit_YieldFrom = _refuse
    visit_Global = _refuse
    visit_Pow = _refuse
    visit_LShift = _refuse
    visit_MatMult = _refuse
    visit_TemplateStr = _refuse
    visit_Interpolation = _refuse
    visit_AnnAssign = _refuse

    def visit_Name(self, node: ast.Name) -> Any:
        # RestrictedPython collects prints; here print is an ordinary function and printed an ordinary name
        if node.id == "printed" or (node.id == "print" and isinstance(node.ctx, ast.Load)):
            return node
        return super().visit_Name(node)

    def check_name(self, node: Any, name: str | None, allow_magic_methods: bool = False) -> None:  # noqa: FBT001, FBT002, ARG002 -- the signature of the base class; no magic method is ever allowed
        if name is None or name == "printed":
            return
        if is_reserved(name):
            self._refuse(node)
        elif not name.startswith("_"):
            super().check_name(node, name)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> Any:
        for name in node.names:
            self.check_name(node, name)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        if node.decorator_list or node.returns:
            self._refuse(node)
        return super().visit_FunctionDef(node)

    def visit_List(self, node: ast.List) -> Any:
        # RestrictedPython guards only the unpacking of tuple targets
        if isinstance(node.ctx, ast.Store):
            return self.visit_Tuple(ast.copy_location(ast.Tuple(node.elts, node.ctx), node))
        return super().visit_List(node)

    def visit_Module(self, node: ast.Module) -> Any:
        self._names = self._names or ScriptNames(node)
        return super().visit_Module(node)

    def visit_Call(self, node: ast.Call) -> Any:
        names = self._names
        is_own = names is not None and isinstance(node.func, ast.Name) and node.func.id in names.functions
        if any(
            is_reserved(word.arg) or (word.arg.startswith("_") and not is_own) for word in node.keywords if word.arg
        ):
            self._refuse(node)
        if star_parts(node):
            return self._star_call(node)
        template = literal_template(node)
        if template is None:
            return super().visit_Call(node)
        words = frozenset(word.arg for word in node.keywords if word.arg)
        if template_fault(str(template.value), len(node.args), words):
            self._refuse(node)
        node = self.node_contents_visit(ast.copy_location(ast.Call(_load("print"), node.args, node.keywords), node))
        node.func, node.args = _load("_format_"), [template, *node.args]
        copy_locations(node.func, node)
        return node

    def _star_call(self, node: ast.Call) -> ast.Call:
        """Rewrite `f(*a, **b)` to `_star_callee_(f)(*_members_(a), **_named_arguments_(b))`."""
        if self._names is None or not self._names.takes_stars(node.func):
            self._refuse(node)
        node = self.node_contents_visit(node)
        node.func = _call("_star_callee_", [node.func], node.func)
        for word in node.keywords:
            if word.arg is None:
                word.value = _call("_named_arguments_", [word.value], word.value)
        return node

    def visit_FormattedValue(self, node: ast.FormattedValue) -> Any:
        """Rewrite `f"{v}"` to `f"{_printable_(v)}"`, so that no text shows an address."""
        if isinstance(node.value, ast.Starred):
            # since 3.12 Python's parser leaves this to the compiler, which would take it for the star of a call
            self._refuse(node)
        node = self.node_contents_visit(node)
        node.value = _call("_printable_", [node.value], node.value)
        return node

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        """Rewrite `a % b` to `_operate_("%", a, b)`, and the operators of sets likewise; literal numbers need no guard."""
        node = self.node_contents_visit(node)
        symbol = _GUARDED_OPERATORS.get(type(node.op))
        if symbol is None or isinstance(node.right, ast.Constant) or _is_number(node.left):
            return node
        return _call("_operate_", [ast.Constant(symbol), node.left, node.right], node)

    def visit_Starred(self, node: ast.Starred) -> Any:
        """Rewrite `[*v]` to `[*_members_(v)]`; refuse a target that is unpacked after a star, which has no guard."""
        if isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Tuple | ast.List):
            self._refuse(node)
        node = self.node_contents_visit(node)
        if isinstance(node.ctx, ast.Load):
            node.value = _call("_members_", [node.value], node.value)
        return node

    def visit_Subscript(self, node: ast.Subscript) -> Any:
        """Rewrite `v[a:b] = w` to `_slice_target_(v)[a:b] = w`."""
        if not isinstance(node.ctx, ast.Store) or not isinstance(node.slice, ast.Slice):
            return super().visit_Subscript(node)
        node = self.node_contents_visit(node)
        node.value = _call("_slice_target_", [node.value], node.value)
        return node

    def visit_Attribute(self, node: ast.Attribute) -> Any:
        named = named_value(node, self._names.bound) if self._names is not None else None
        if named is not None:
            return _call("_type_name_", [self.visit(named)], node)
        if node.attr in {"format", "format_map", "mro"} or not isinstance(node.ctx, ast.Load):
            self._refuse(node)
        return super().visit_Attribute(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> Any:
        """Rewrite `c[k] += v` to `_inplace_item_(_item_place_(c, k), "+=", v)`: each part is evaluated once, in order."""
        if isinstance(node.op, ast.Pow | ast.LShift | ast.MatMult):
            self._refuse(node)
        if not isinstance(node.target, ast.Subscript):
            return super().visit_AugAssign(node)
        container, key, value = (self.visit(part) for part in (node.target.value, node.target.slice, node.value))
        place = ast.Call(_load("_item_place_"), [container, key], [])
        operator = ast.Constant(IOPERATOR_TO_STR[type(node.op)])
        change = ast.Expr(ast.Call(_load("_inplace_item_"), [place, operator, value], []))
        copy_locations(change, node)
        return change

    def visit_Import(self, node: ast.Import) -> Any:
        return self._import(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:
        return self._import(node)

    def _import(self, node: ast.Import | ast.ImportFrom) -> Any:
        """Rewrite `import json as j` to `j = _import_("json")`; Python's import system is never used."""
        self.check_import_names(node)
        if any(part.startswith("_") for alias in node.names for part in alias.name.split(".")):
            self._refuse(node)
        assigns = []
        for _, name, meaning in bindings(node):
            source = ast.Call(_load("_import_"), [ast.Constant(meaning)], [])
            assign = ast.Assign([ast.Name(name, ast.Store())], source)
            copy_locations(assign, node)
            assigns.append(assign)
        return assigns

    def visit_comprehension(self, node: ast.comprehension) -> Any:
        if node.is_async:
            self._refuse(node.target)
        return super().visit_comprehension(node)

    def visit_Match(self, node: ast.Match) -> Any:
        """Rewrite `match` to `if`; see `constructs/match_rewriting.py`."""
        if next(refused_patterns(node), None) is not None:
            return self._refuse(node)
        for part in ast.walk(node):
            for name in captures(part):
                self.check_name(part, name)
        self._matches += 1
        return rewritten(node, f"_match{self._matches}_", self.visit)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> Any:
        if node.type is None:
            node.type = _load("Exception")
            copy_locations(node.type, node)
        return super().visit_ExceptHandler(node)

    def visit_Try(self, node: ast.Try) -> Any:
        """Let the end of a run pass every handler and every finally before the script's own code in it runs."""
        node = self.node_contents_visit(node)
        if node.handlers:
            kinds = ast.Call(_load("_unstoppable_kinds_"), [], [])
            handler = ast.ExceptHandler(kinds, None, [ast.Raise()])
            copy_locations(handler, node.handlers[0])
            node.handlers.insert(0, handler)
        if node.finalbody:
            step = ast.Expr(ast.Call(_load("_pass_unstoppable_"), [], []))
            copy_locations(step, node.finalbody[0])
            node.finalbody.insert(0, step)
        return node

    def visit_Constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, complex):
            self._refuse(node)
        return node


def _load(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _call(guard: str, arguments: list[ast.expr], place: ast.expr) -> ast.Call:
    call = ast.Call(_load(guard), arguments, [])
    copy_locations(call, place)
    return call


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)
