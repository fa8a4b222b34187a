"""Turns the text of a script into findings and, if none is an error, into code for `execute`.

It runs in the jail, at submission; the text is hostile. The result is a value, whatever the text contains.
"""

from __future__ import annotations

import ast
import marshal
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.language.offered import API_LEVEL
from sandbox.language.rules.findings import Findings
from sandbox.outcomes import Finding, MessageLiteral

from .annotations import AnnotationDropper
from .message_literals import message_literals
from .names import ScriptNames, check_names
from .parsing import compile_tree, parse
from .policy import LanguagePolicy
from .required_settings import required_settings
from .script_shape import check_shape
from .source_text import check_text
from .syntax_check import SyntaxChecker


@dataclass(frozen=True)
class Compilation:
    """The result of checking a script; it has `code` (marshal bytes) if no finding is an error."""

    findings: tuple[Finding, ...]
    literals: tuple[MessageLiteral, ...] = ()
    api_level: int = API_LEVEL
    settings: tuple[str, ...] = ()
    code: bytes | None = field(default=None, repr=False)


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
    4. Check syntax, names and shape: all findings of the script together.
    5. The RestrictedPython policy rewrites the tree and inserts the guards.
    6. Python compiles the tree.
    """
    findings = Findings(source)
    # 1 and 2
    tree = parse(source, findings) if check_text(source, findings) else None
    if tree is None:
        return Compilation(findings.sorted())
    try:
        return _compile_tree(tree, findings, instruments)
    except (RecursionError, MemoryError):
        findings.at(1, 1, "too-complex", why="The check ran out of memory or recursion depth.")
        return Compilation(findings.sorted())


def _compile_tree(tree: ast.Module, findings: Findings, instruments: Instruments | None) -> Compilation:
    # 3
    dropper = AnnotationDropper()
    dropper.visit(tree)
    # 4
    names = ScriptNames(tree)
    SyntaxChecker(findings).visit(tree)
    check_names(tree, names, dropper.dropped, findings)
    check_shape(tree, names, findings)
    literals = message_literals(tree, names, findings)
    if findings.refused:
        return Compilation(findings.sorted(), literals)
    settings = required_settings(tree)  # before the tree is rewritten
    # 5
    if instruments is not None:
        instruments.read(tree)
    LanguagePolicy(findings).visit(tree)
    if findings.refused:
        return Compilation(findings.sorted(), literals)
    if instruments is not None:
        instruments.rewrite(tree)
    # 6
    code = compile_tree(tree, findings)
    if code is None or findings.refused:
        return Compilation(findings.sorted(), literals)
    return Compilation(findings.sorted(), literals, settings=settings, code=marshal.dumps(code))
