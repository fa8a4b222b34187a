"""Turns checked text into a syntax tree, or into findings; it never raises, prints or opens a file.

Python's parser prints warnings, opens the file that it believes the text comes from, and normalises look-alike letters in
names (NFKC), so that the tree no longer shows what was written. This module prevents all three.
"""

from __future__ import annotations
import __future__

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from types import CodeType

from sandbox.language.rules.findings import Findings

from .text.deepest_place import deepest_place
from .text.f_strings import newer_f_strings

#: The version of Python that scripts are written in, whichever version runs them: newer grammar is refused, so that a
#: script that was checked on one machine means the same on all, and new grammar waits until it has been examined.
LANGUAGE = (3, 11)
#: The name of scripts in tracebacks.
SCRIPT_NAME = "<script>"
#: While parsing, Python tries to open the file of this name to quote a faulty line. The lone surrogate makes that fail
#: before any system call is made, which the jail would refuse.
UNOPENABLE = "<script \ud800>"

MAX_NODES = 20_000
#: So much counts a part of a pattern of `match`, for which the policy writes several tests.
PATTERN_NODES = 10
MAX_DEPTH = 100
#: Depth of one expression; for each level RestrictedPython walks over everything below it.
MAX_EXPRESSION_DEPTH = 50

_ESCAPE = re.compile(r"\"(\\.*?)\" is an invalid (octal )?escape sequence\..*", re.DOTALL)
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
#: A letter that is allowed in names and that NFKC does not change.
_PROBE_LETTER = "\u01c2"
_LIMITS = f"The limits are {MAX_NODES} parts, a depth of {MAX_DEPTH}, and a depth of {MAX_EXPRESSION_DEPTH} in one expression."
_FEATURES = frozenset((*__future__.all_feature_names, "*"))  # `import *` has a rule of its own
_NAME_FIELDS = ("id", "attr", "arg", "name", "asname", "module", "names", "rest")


def parse(source: str, findings: Findings) -> ast.Module | None:
    """The tree of a source text; `None` if it cannot be parsed, and then the findings say why."""
    tree = _guarded(lambda: ast.parse(source, UNOPENABLE, feature_version=LANGUAGE), source, findings)
    if not isinstance(tree, ast.Module):
        return None
    if not source.isascii():
        _check_names(source, findings)
    beyond = _beyond_limits(tree)
    if beyond is not None:
        findings.node(beyond, "too-complex", why=_LIMITS)
        return None
    for (line, column), words in [*newer_f_strings(source, tree), *_unknown_features(tree)]:
        _report_unreadable(line, column + 1, words, findings)
    return tree


def compile_tree(tree: ast.Module, source: str, findings: Findings) -> CodeType | None:
    """Compile a transformed tree; `None` if Python refuses it, and then the findings say why."""
    code = _guarded(lambda: compile(tree, UNOPENABLE, "exec", dont_inherit=True), source, findings)
    return _renamed(code) if isinstance(code, CodeType) else None


def _guarded(step: Callable[[], object], source: str, findings: Findings) -> object:
    """Run one step of Python's compiler and turn its errors and warnings into findings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            return step()
        except SyntaxError as error:
            _report_syntax_error(error, source, findings)
        except (ValueError, TypeError, OverflowError):
            findings.at(*deepest_place(source), "too-complex", why="Python's own compiler gives up on it.")
        except (RecursionError, MemoryError):
            why = "The script is nested deeper than Python's own limits allow."
            findings.at(*deepest_place(source), "too-complex", why=why)
        finally:
            for warning in caught:
                findings.at(warning.lineno, 1, "python-warning", message=_sentence(_as_in_3_11(str(warning.message))))
    return None


def _report_syntax_error(error: SyntaxError, source: str, findings: Findings) -> None:
    line, column = (error.lineno, error.offset or 1) if error.lineno else deepest_place(source)
    if findings.refused_line(line):
        return  # the parser stumbled over a hidden character that is already reported
    _report_unreadable(line, column, error.msg or "it cannot be read", findings)


def _report_unreadable(line: int, column: int, message: str, findings: Findings) -> None:
    version = ".".join(map(str, LANGUAGE))
    findings.at(line, column, "python-syntax", message=_sentence(message), version=version)


def _as_in_3_11(warning: str) -> str:
    """The wording of Python 3.11 for warnings that 3.14 words at more length."""
    return _ESCAPE.sub(r"invalid \2escape sequence '\1'", warning)


def _unknown_features(tree: ast.Module) -> Iterator[tuple[tuple[int, int], str]]:
    """Imports from `__future__` that no Python knows: only newer parsers refuse them by themselves."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__" and not node.level:
            for alias in node.names:
                if alias.name not in _FEATURES:
                    yield (node.lineno, 0), f"future feature {alias.name} is not defined"


def _sentence(text: str) -> str:
    return text.encode("utf-8", "replace").decode().rstrip(".")


def _check_names(source: str, findings: Findings) -> None:
    """Report names that are not ASCII, found in a copy of the text where normalising cannot hide them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            probe = ast.parse(_NOT_ASCII.sub(_PROBE_LETTER, source), UNOPENABLE, feature_version=LANGUAGE)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            first = _NOT_ASCII.search(source)
            line_start = source.rfind("\n", 0, first.start()) + 1 if first else 0
            findings.at(
                source.count("\n", 0, line_start) + 1, first.start() - line_start + 1 if first else 1, "ascii-name"
            )
            return
    places = Findings(_NOT_ASCII.sub(_PROBE_LETTER, source))
    for node in ast.walk(probe):
        if any(_PROBE_LETTER in name for name in _names_of(node)):
            line, column = places.place(node)
            findings.at(line, column, "ascii-name")


def _names_of(node: ast.AST) -> list[str]:
    names: list[str] = []
    for field in _NAME_FIELDS:
        value = getattr(node, field, None)
        values = value if isinstance(value, list) else [value]
        names.extend(item for item in values if isinstance(item, str))
    return names


def _beyond_limits(tree: ast.Module) -> ast.AST | None:
    """The first part of the script, in the order of its text, that exceeds a limit."""
    nodes = 0
    stack: list[tuple[ast.AST, ast.AST, int, int]] = [(tree, tree, 0, 0)]
    while stack:
        node, placed, depth, inner = stack.pop()
        placed = node if hasattr(node, "lineno") else placed
        nodes += PATTERN_NODES if isinstance(node, ast.pattern) else 1
        inner = inner + 1 if isinstance(node, ast.expr) else 0
        if depth > MAX_DEPTH or inner > MAX_EXPRESSION_DEPTH or nodes > MAX_NODES:
            return placed
        stack.extend((child, placed, depth + 1, inner) for child in reversed(list(ast.iter_child_nodes(node))))
    return None


def _renamed(code: CodeType) -> CodeType:
    inner = tuple(_renamed(value) if isinstance(value, CodeType) else value for value in code.co_consts)
    return code.replace(co_consts=inner, co_filename=SCRIPT_NAME)
