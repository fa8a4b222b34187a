"""Turns the text of a script into findings and, if none is an error, into code for `execute`.

It runs in the jail, at submission; the text is hostile. The result is a value, whatever the text contains.
"""

from __future__ import annotations

import ast
import marshal
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.language.api_levels import DEFAULT_LEVEL
from sandbox.language.rules.findings import Findings
from sandbox.outcomes import CallLiteral, Finding, MessageLiteral

from .annotations import AnnotationDropper
from .api.api_check import check_api
from .api.call_literals import call_literals
from .cascades import consequences
from .message_literals import message_literals
from .names import ScriptNames, check_names
from .parsing import compile_tree, parse
from .policy import LanguagePolicy
from .required_settings import required_settings
from .script_shape import check_shape, declared_level
from .syntax_check import SyntaxChecker
from .text.deepest_place import deepest_place
from .text.source_text import check_text


@dataclass(frozen=True)
class Compilation:
    """The result of checking a script; it has `code` (marshal bytes) if no finding is an error."""

    findings: tuple[Finding, ...]
    literals: tuple[MessageLiteral, ...] = ()
    api_level: int = DEFAULT_LEVEL
    settings: tuple[str, ...] = ()
    setting_places: tuple[tuple[int, int], ...] = ()
    calls: tuple[CallLiteral, ...] = ()
    code: bytes | None = field(default=None, repr=False)
    prepares: bool = False  #: the script has a function prepare(session, api)


class Instruments(Protocol):
    """What a second compile, of code with probes, does around the policy; the first has none."""

    def read(self, tree: ast.Module) -> None:
        """Read the checked tree, before the policy."""

    def rewrite(self, tree: ast.Module) -> None:
        """Put probes into the result of the policy."""


def compile_source(source: str, instruments: Instruments | None = None) -> Compilation:
    """Check and compile a script. It never raises, prints or opens anything, whatever the text contains.

    1. The text: size, hidden characters.
    2. Python's parser, and limits on size and depth.
    3. Drop annotations.
    4. Check the use of the API, syntax, names and shape: all findings of the script together.
    5. The RestrictedPython policy rewrites the tree and inserts the guards.
    6. Python compiles the tree.
    """
    findings = Findings(source)
    # 1 and 2
    tree = parse(source, findings) if check_text(source, findings) else None
    if tree is None:
        return Compilation(findings.sorted())
    try:
        return _compile_tree(tree, source, findings, instruments)
    except (RecursionError, MemoryError):
        findings.at(*deepest_place(source), "too-complex", why="The check ran out of memory or recursion depth.")
        return Compilation(findings.sorted())


def _compile_tree(tree: ast.Module, source: str, findings: Findings, instruments: Instruments | None) -> Compilation:
    # 3
    dropper = AnnotationDropper()
    dropper.visit(tree)
    # 4
    names = ScriptNames(tree)
    values, explained = check_api(tree, names, findings)
    explained |= consequences(names, dropper.dropped)
    SyntaxChecker(findings, names, explained).visit(tree)
    check_names(names, dropper.dropped, findings, explained)
    check_shape(tree, values, dropper.dropped, findings)
    literals = message_literals(tree, names, findings)
    calls = call_literals(values, findings)
    if findings.refused:
        return Compilation(findings.sorted(), literals, calls=calls)
    level, settings = declared_level(tree), required_settings(tree, names.nodes)  # before the tree is rewritten
    places = tuple(findings.place(node) for node in settings.values())
    # 5
    if instruments is not None:
        instruments.read(tree)
    LanguagePolicy(findings, names).visit(tree)
    if findings.refused:
        return Compilation(findings.sorted(), literals, calls=calls)
    if instruments is not None:
        instruments.rewrite(tree)
    # 6
    code = compile_tree(tree, source, findings)
    if code is None or findings.refused:
        return Compilation(findings.sorted(), literals, calls=calls)
    return Compilation(
        findings.sorted(),
        literals,
        level,
        settings=tuple(settings),
        setting_places=places,
        calls=calls,
        code=marshal.dumps(code),
        prepares=values.prepare is not None,
    )
