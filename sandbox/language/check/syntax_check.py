"""Checks a script's tree and reports every construct that is refused.

Deny by default: a node type that is not in `ALLOWED` is refused, also one that a later Python adds. This pass changes
nothing; the RestrictedPython policy after it refuses the same again and inserts the guards.
"""

# ruff: noqa: D102 -- methods named after node types, as the ast module asks; the names say what they visit

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Collection

from sandbox.language.offered import KNOWN_ATTRIBUTES, SANDBOX_NAMES
from sandbox.language.rules.findings import Findings
from sandbox.language.script_api import RECORDS
from sandbox.language.withheld import INSTEAD_OF, WITHHELD_ATTRIBUTES

from .constructs.allowed_nodes import ALLOWED, PARTS_OF_REFUSED, REFUSED, REFUSED_OPERATORS
from .constructs.match_as_if import as_if
from .constructs.match_patterns import captures, is_literal, refused_patterns
from .constructs.own_names import is_reserved
from .constructs.star_calls import star_parts
from .constructs.type_names import named_value
from .finally_exits import finally_exits
from .format_templates import literal_template, template_fault
from .names import ScriptNames

#: Digits of the largest whole number that a script may contain.
MAX_DIGITS = 18
#: Characters of the longest string that a script may contain.
MAX_STRING = 8_000

#: How deep try statements with finally may be nested.
MAX_FINALLY = 4

#: Names that only the sandbox may bind.
RESERVED = frozenset(SANDBOX_NAMES) | {"print"}

_FIELDS = sorted({field for record in RECORDS.values() for field in record.fields})
#: Characters of a name that are compared with the fields.
_MAX_COMPARED = 40


class SyntaxChecker(ast.NodeVisitor):
    """Visits a tree and adds to `findings`. Attributes in `explained` have another finding, which says why they fail."""

    def __init__(self, findings: Findings, names: ScriptNames, explained: Collection[ast.AST] = ()) -> None:
        self._findings = findings
        self._names = names
        self._explained = explained
        self._finally_depth = 0
        self._enclosing: ast.AST = ast.Module([], [])  # the innermost enclosing node that has a place

    def visit(self, node: ast.AST) -> None:
        enclosing = self._enclosing
        self._enclosing = node if hasattr(node, "lineno") else enclosing
        self._check(node, type(node).__name__)
        self._enclosing = enclosing

    def _check(self, node: ast.AST, name: str) -> None:
        if name in REFUSED:
            self._refuse(node, *REFUSED[name])
        elif isinstance(node, (*ALLOWED, *REFUSED_OPERATORS)):
            getattr(self, f"visit_{name}", self.generic_visit)(node)
        elif self._findings.refused and _is_part_of_refused(node):
            self.generic_visit(node)
        else:
            self._findings.node(self._enclosing, "syntax", part=self._findings.first_words(self._enclosing))
            self.generic_visit(node)

    def _refuse(self, node: ast.AST, rule: str, word: str) -> None:
        place = node.handlers[0] if isinstance(node, ast.TryStar) else node
        self._findings.node(place, rule, word=word)
        if getattr(node, "type_params", None) and rule != "type-alias":
            self._findings.node(node.type_params[0], "type-parameter")  # type: ignore[attr-defined]  # Python 3.12
        self.generic_visit(node)

    # names

    def _bind(self, node: ast.AST, name: str | None) -> None:
        if name is None:
            return
        if is_reserved(name):
            self._findings.node(node, "underscore-name", name=name)
        elif name in RESERVED:
            self._findings.node(node, "own-name", name=name)

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._bind(node, node.id)
        elif is_reserved(node.id) and node.id not in {"__name__", "__file__", "__doc__", "__import__"}:
            self._findings.node(node, "underscore-name", name=node.id)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        for name in node.names:
            self._bind(node, name)

    def visit_arg(self, node: ast.arg) -> None:
        self._bind(node, node.arg)

    def visit_alias(self, node: ast.alias) -> None:
        self._bind(node, node.asname)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._bind(node, node.name)
        for decorator in node.decorator_list:
            self._findings.node(decorator, "decorator")
        if getattr(node, "type_params", None):
            self._findings.node(node.type_params[0], "type-parameter")  # type: ignore[attr-defined]  # Python 3.12
        self.generic_visit(node)

    def visit_arguments(self, node: ast.arguments) -> None:
        for default in [*node.defaults, *(default for default in node.kw_defaults if default is not None)]:
            if not _is_plain(default):
                self._findings.node(default, "default")
        self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        self._bind(node, node.name)
        if node.type is None:
            self._findings.node(node, "bare-except")
        self.generic_visit(node)

    # attributes and calls

    def visit_Attribute(self, node: ast.Attribute) -> None:
        named = named_value(node, self._names.bound)
        if named is not None:
            self.visit(named)
            return
        if not isinstance(node.ctx, ast.Load):
            self._findings.node(node, "attribute-assign")
        elif node.attr == "format":
            self._findings.node(node, "format-template")
        else:
            self._check_attribute(node)
        self.visit(node.value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        # CPython before 3.12.4 takes the list's length before it iterates over the assigned values (gh-120384)
        if isinstance(node.ctx, ast.Store) and isinstance(node.slice, ast.Slice) and node.slice.step is not None:
            self._findings.node(node, "slice-step")
        self.generic_visit(node)

    def _check_attribute(self, node: ast.Attribute) -> None:
        name = node.attr
        if name.startswith("_") or name.endswith("__roles__"):
            instead = INSTEAD_OF.get(name, "Use the public methods of the value.")
            self._findings.node(node, "underscore-attribute", name=name, instead=instead)
        elif name in KNOWN_ATTRIBUTES or name in self._names.fields or node in self._explained:
            return
        elif name in WITHHELD_ATTRIBUTES:
            entry = WITHHELD_ATTRIBUTES[name]
            self._findings.node(node, "attribute", name=name, why=entry.why, instead=entry.instead)
        else:
            why = "No value in a script has it."
            likely = _likely_field(name)
            question = f"Did you mean {likely}?" if likely else "Check the spelling."
            instead = f'{question} To read a key of data, write data["{name}"].'
            self._findings.node(node, "attribute", name=name, why=why, instead=instead)

    def visit_Call(self, node: ast.Call) -> None:
        if not self._names.takes_stars(node.func):
            for starred in star_parts(node):
                self._findings.node(starred, "star-call")
        for keyword in node.keywords:
            if keyword.arg and not self._is_own_keyword(node.func, keyword.arg):
                self._findings.node(keyword, "keyword", name=keyword.arg)
        if isinstance(node.func, ast.Name) and node.func.id == "_":
            self._findings.node(node, "underscore-call")
        template = literal_template(node)
        if template is None:
            self.generic_visit(node)
            return
        self._check_template(node, template)
        for part in [*node.args, *node.keywords]:
            self.visit(part)

    def _is_own_keyword(self, function: ast.expr, name: str) -> bool:
        """Whether a keyword is none of the sandbox's: one with an underscore is only for the script's own functions."""
        is_own = isinstance(function, ast.Name) and function.id in self._names.functions
        return not name.startswith("_") or (is_own and not is_reserved(name))

    def _check_template(self, node: ast.Call, template: ast.Constant) -> None:
        self.visit(template)
        if any(isinstance(part, ast.Starred) for part in node.args):
            return
        names = frozenset(keyword.arg for keyword in node.keywords if keyword.arg)
        fault = template_fault(str(template.value), len(node.args), names)
        if fault:
            self._findings.node(node, fault.rule, **fault.words)

    # statements and expressions

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if any(alias.name == "*" for alias in node.names):
            self._findings.node(node, "star-import", name=node.module or ".")
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        if len(node.targets) > 1 and any(isinstance(target, ast.Tuple | ast.List) for target in node.targets):
            self._findings.node(node, "chained-unpacking")
        self.generic_visit(node)

    def visit_Starred(self, node: ast.Starred) -> None:
        # RestrictedPython does not guard what is unpacked after a star
        if isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Tuple | ast.List):
            self._findings.node(node, "star-unpacking")
        self.generic_visit(node)

    def visit_Match(self, node: ast.Match) -> None:
        refused = next(refused_patterns(node), None)
        if refused is not None:
            self._findings.node(
                refused[0], "match-pattern", problem=refused[1], form=as_if(node, self._findings.source_of)
            )
        for case in node.cases:
            for part in ast.walk(case.pattern):
                for name in captures(part):
                    self._bind(part, name)
        self.generic_visit(node)

    def visit_MatchClass(self, node: ast.MatchClass) -> None:
        """Nothing: it has its finding."""

    def visit_MatchValue(self, node: ast.MatchValue) -> None:
        if is_literal(node.value):
            self.generic_visit(node)

    def visit_Try(self, node: ast.Try) -> None:
        for leaving in finally_exits(node.finalbody):
            self._findings.node(leaving, "finally-exit", word=type(leaving).__name__.lower())
        self._finally_depth += bool(node.finalbody)
        if self._finally_depth > MAX_FINALLY:
            why = f"At most {MAX_FINALLY} try statements with finally may be nested: Python copies each finally block."
            self._findings.node(node, "too-complex", why=why)
        self.generic_visit(node)
        self._finally_depth -= bool(node.finalbody)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        if node.is_async:
            self._findings.node(node.target, "async", word="async for")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        self._check_operator(node, node.op)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._check_operator(node, node.op)

    def _check_operator(self, node: ast.AST, operator: ast.operator) -> None:
        rule = REFUSED_OPERATORS.get(type(operator))
        if rule:
            self._findings.node(node, rule)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, complex):
            self._findings.node(node, "complex-number")
        elif isinstance(value, int) and value >= 10**MAX_DIGITS:
            self._findings.node(node, "large-number", limit=MAX_DIGITS)
        elif isinstance(value, str | bytes) and len(value) > MAX_STRING:
            self._findings.node(node, "long-string", size=len(value), limit=MAX_STRING)


def _is_part_of_refused(node: ast.AST) -> bool:
    return any(kind.__name__ in PARTS_OF_REFUSED for kind in type(node).__mro__)


def _is_plain(node: ast.expr) -> bool:
    """Whether a default exists before the function is defined, so that nothing runs to compute it."""
    if isinstance(node, ast.Constant | ast.Name):
        return True
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.operand, ast.Constant)
    if isinstance(node, ast.Tuple | ast.List):
        return all(_is_plain(item) for item in node.elts)
    return isinstance(node, ast.Dict) and not node.keys


def _likely_field(name: str) -> str | None:
    """The field of the script API that a name in another style probably means: `first_name` for `firstName`."""
    snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name[:_MAX_COMPARED]).lower()
    close = difflib.get_close_matches(snake, _FIELDS, n=1, cutoff=0.66)
    return close[0] if close else None
