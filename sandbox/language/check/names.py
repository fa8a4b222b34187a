"""Finds names that are not defined, and members that an imported module does not have.

A name that is defined neither in the script nor by the sandbox fails whenever its line runs; it is better to report that
at the check than in front of an attendee. Scopes are not followed, so nothing that could work is refused.
"""

from __future__ import annotations

import ast
import difflib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from sandbox.language.offered import BUILTIN_NAMES, EXCEPTION_NAMES, MODULES, SANDBOX_NAMES
from sandbox.language.rules.findings import Findings
from sandbox.language.withheld import WITHHELD_MODULES, WITHHELD_NAMES

from .constructs.own_names import is_reserved
from .constructs.record_fields import record_fields
from .constructs.star_calls import own_functions, takes_stars
from .constructs.type_names import named_value
from .imports import bindings, check_import, check_member, report_module

PREDEFINED_NAMES = frozenset((*BUILTIN_NAMES, *EXCEPTION_NAMES, *SANDBOX_NAMES))
#: How many unknown names are reported, and how many names are compared with each to find a similar one: it takes time.
_MAX_REPORTED = 30
_MAX_COMPARED = 300
#: Characters of the longest name that is compared: the time grows with their cube.
_MAX_COMPARED_CHARS = 30
#: Nodes that bind the name in their `name` field, if they have one.
_NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler, ast.MatchAs, ast.MatchStar)
#: The function whose fields the check must know.
RECORD_MAKER = "collections.namedtuple"
_NAIVE_NOW = frozenset({"datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today"})


class ScriptNames:
    """The names of one script: how often each is bound, and the full names of imported ones."""

    def __init__(self, tree: ast.Module) -> None:
        self.nodes = list(ast.walk(tree))  #: every part of the script, found once for all checks
        self.bound: Counter[str] = Counter(name for node in self.nodes for name in bound_by(node))
        self.functions = own_functions(self.nodes, self.bound)  #: names that mean the script's own functions only
        #: each `type` in `type(value).__name__`, where it means what it does in Python
        self.type_names = {node.value.func for node in self.nodes if named_value(node, self.bound) is not None}  # type: ignore[attr-defined]  # a call
        self.imported: dict[str, str] = {}
        for node in self.nodes:
            if isinstance(node, ast.Import | ast.ImportFrom):
                self.imported.update({name: meaning for _, name, meaning in bindings(node) if self.bound[name] == 1})
        makers = {node for node in self.nodes if isinstance(node, ast.Call) and self.meaning(node.func) == RECORD_MAKER}
        self.fields = frozenset(name for node in makers for name in record_fields(node) or ())  #: of named tuples
        self.records = self._named_once(makers)  #: names that mean a type of named tuples only

    def _named_once(self, values: Collection[ast.expr]) -> frozenset[str]:
        assigns = [node for node in self.nodes if isinstance(node, ast.Assign) and node.value in values]
        targets = [target for node in assigns for target in node.targets if isinstance(target, ast.Name)]
        return frozenset(target.id for target in targets if self.bound[target.id] == 1)

    def meaning(self, node: ast.expr) -> str | None:
        """The full name of an expression, as in `datetime.datetime.now`; `None` if it is neither imported nor built in."""
        if isinstance(node, ast.Name):
            return self.imported.get(node.id) or (
                node.id if node.id in PREDEFINED_NAMES and not self.bound[node.id] else None
            )
        if isinstance(node, ast.Attribute):
            owner = self.meaning(node.value)
            return f"{owner}.{node.attr}" if owner else None
        return None

    def takes_stars(self, function: ast.expr) -> bool:
        """Whether a call of this may pass arguments with stars."""
        return takes_stars(function, self.functions | self.records, self.bound)


def check_names(
    names: ScriptNames,
    dropped: Mapping[str, str],
    findings: Findings,
    explained: Collection[ast.AST] = (),
) -> None:
    """Report imports that are not offered, names that are not defined, and members that modules do not have.

    Nodes in `explained` have another finding, which says why they fail.
    """
    seen: set[str] = set()
    for node in names.nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            check_import(node, findings)
        elif node in explained:
            continue
        elif isinstance(node, ast.Attribute):
            _check_attribute(node, names, findings)
        elif isinstance(node, ast.Call):
            _check_naive(node, names, findings)
            if names.meaning(node.func) == RECORD_MAKER and record_fields(node) is None:
                findings.node(node, "record-fields")
        elif (
            isinstance(node, ast.Name)
            and node.id not in seen
            and _is_undefined(node, names)
            and len(seen) < _MAX_REPORTED
        ):
            seen.add(node.id)
            _report_undefined(node, names, dropped, findings)


def _is_undefined(node: ast.Name, names: ScriptNames) -> bool:
    is_known = names.bound[node.id] or node.id in PREDEFINED_NAMES or node in names.type_names
    return isinstance(node.ctx, ast.Load) and not is_known


def _report_undefined(node: ast.Name, names: ScriptNames, dropped: Mapping[str, str], findings: Findings) -> None:
    name = node.id
    if name in WITHHELD_NAMES:
        entry = WITHHELD_NAMES[name]
        findings.node(node, "withheld-name", name=name, why=entry.why, instead=entry.instead)
    elif name in dropped:
        rule = "typing-at-run-time" if dropped[name] else "alias-at-run-time"
        findings.node(node, rule, name=name, module=dropped[name])
    elif name in MODULES:
        findings.node(node, "not-imported", name=name)
    elif name in WITHHELD_MODULES:
        report_module(node, name, findings)
    elif name != "_" and not is_reserved(name):
        findings.node(node, "unknown-name", name=name, instead=_suggestion(name, names))


def _suggestion(name: str, names: ScriptNames) -> str:
    modules = [module for module, members in MODULES.items() if name in members]
    if modules:
        return f"Write from {modules[0]} import {name} at the top."
    known = sorted(known for known in names.bound if len(known) <= _MAX_COMPARED_CHARS)[:_MAX_COMPARED]
    candidates = [*known, *sorted(PREDEFINED_NAMES)] if len(name) <= _MAX_COMPARED_CHARS else []
    close = difflib.get_close_matches(name, candidates, n=1, cutoff=0.75)
    return f"Did you mean {close[0]}?" if close else "Give it a value first, or check the spelling."


def _check_attribute(node: ast.Attribute, names: ScriptNames, findings: Findings) -> None:
    owner = names.meaning(node.value)
    has_finding = node.attr.startswith("_")  # of the syntax check
    if owner and owner in MODULES and f"{owner}.{node.attr}" not in MODULES and not has_finding:
        check_member(node, owner, node.attr, findings)


def _check_naive(node: ast.Call, names: ScriptNames, findings: Findings) -> None:
    meaning = names.meaning(node.func)
    if meaning in _NAIVE_NOW and not node.args and not node.keywords:
        findings.node(node, "naive-now", name=".".join(meaning.split(".")[1:]) + "()")


def bound_by(node: ast.AST) -> Iterator[str]:
    """The names that one node binds."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (name for _, name, _ in bindings(node))
    elif isinstance(node, _NAMED):
        yield from [node.name] if node.name else []
    elif isinstance(node, ast.MatchMapping):
        yield from [node.rest] if node.rest else []
