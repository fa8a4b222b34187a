"""Collects the findings about one script, each at a line and column that exist in its text.

Python counts columns in UTF-8 bytes from 0, and some of its positions are outside the text; editors count in characters
from 1. Only this module converts the former into the latter.
"""

from __future__ import annotations

import ast
import re

from sandbox.outcomes import Finding, Severity

from .syntax_rules import RULES

#: More findings than this do not help an author.
MAX_FINDINGS = 200

#: Characters of a script that a finding quotes at most.
_QUOTED = 30

_SLOT = re.compile(r"\{(\w+)\}")


class Findings:
    """The findings about one source text. Each rule is reported once for each place."""

    def __init__(self, source: str) -> None:
        self._lines = source.split("\n")
        self._found: dict[tuple[str, int, int], Finding] = {}
        self._refused = False

    @property
    def refused(self) -> bool:
        """Whether any error was found, even if there was no room left to report it."""
        return self._refused

    def sorted(self) -> tuple[Finding, ...]:
        """All findings, in the order of the text."""
        return tuple(sorted(self._found.values(), key=lambda finding: (finding.line, finding.column, finding.rule)))

    def refused_line(self, line: int) -> bool:
        """Whether an error was found in this line."""
        return any(found.line == line and found.severity is Severity.ERROR for found in self._found.values())

    def line_text(self, line: int) -> str:
        """The text of a line without its line end; empty if there is no such line."""
        return self._lines[line - 1].rstrip("\r") if 0 < line <= len(self._lines) else ""

    def first_words(self, node: ast.AST) -> str:
        """The text at a node's place, as its author wrote it: at most the rest of its line, cut after 30 characters."""
        line, column = self.place(node)
        text = self.line_text(line)[column - 1 :]
        return text if len(text) <= _QUOTED else text[:_QUOTED] + "…"

    def at(self, line: int, column: int, rule: str, /, **words: object) -> None:
        """Report a rule at a line and a column in characters, both from 1; a place outside the text is moved to its edge."""
        line = min(max(line, 1), len(self._lines))
        column = min(max(column, 1), len(self._lines[line - 1]) + 1)
        table = RULES[rule]
        what, why, instead = (_fill(text, words) for text in (table.what, table.why, table.instead))
        is_error = table.severity is Severity.ERROR
        self._refused = self._refused or is_error
        # warnings and notes get half of the room, so that they cannot push out errors
        if len(self._found) < (MAX_FINDINGS if is_error else MAX_FINDINGS // 2):
            finding = Finding(rule, line, column, what, why, instead, table.severity)
            self._found.setdefault((rule, line, column), finding)

    def node(self, node: ast.AST, rule: str, /, **words: object) -> None:
        """Report a rule at the start of a node."""
        line, column = self.place(node)
        self.at(line, column, rule, **words)

    def place(self, node: ast.AST) -> tuple[int, int]:
        """Line and column of a node, both from 1, the column in characters."""
        line = getattr(node, "lineno", 1)
        before = self.line_text(line).encode("utf-8", "surrogatepass")[: getattr(node, "col_offset", 0)]
        return line, len(before.decode("utf-8", "ignore")) + 1


def _fill(text: str, words: dict[str, object]) -> str:
    """Replace each `{name}` by its word. The texts of rules contain other braces, too, so `format` cannot be used."""
    return _SLOT.sub(lambda slot: str(words.get(slot[1], slot[0])), text)
