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
#: Lines and bytes of an expression that a finding repeats in a corrected form.
_QUOTED_LINES, _QUOTED_BYTES = 8, 300

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

    @property
    def is_full(self) -> bool:
        """Whether there is no room for a further finding."""
        return len(self._found) >= MAX_FINDINGS

    def source_of(self, node: ast.expr) -> str:
        """An expression as its author wrote it, on one line; empty if it is too long to quote."""
        if node.end_lineno is None or node.end_col_offset is None or node.end_lineno - node.lineno > _QUOTED_LINES:
            return ""
        lines = [
            self.line_text(number).encode("utf-8", "surrogatepass")
            for number in range(node.lineno, node.end_lineno + 1)
        ]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        if sum(map(len, lines)) > _QUOTED_BYTES or any(b"#" in line for line in lines[:-1]):
            return ""
        return " ".join(line.decode("utf-8", "replace").strip() for line in lines)

    def at(self, line: int, column: int, rule: str, /, **words: object) -> None:
        """Report a rule at a line and a column in characters, both from 1; a place outside the text is moved to its edge."""
        line = min(max(line, 1), len(self._lines))
        column = min(max(column, 1), len(self._lines[line - 1]) + 1)
        table = RULES[rule]
        what, why = (_visible(_fill(text, words)).replace("\n", " ") for text in (table.what, table.why))
        instead = _visible(_fill(table.instead, words))
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
        """Line and column of a node, both from 1, the column in characters; of its first part if it has none itself."""
        placed = (
            node
            if hasattr(node, "lineno")
            else next((part for part in ast.walk(node) if hasattr(part, "lineno")), node)
        )
        line = getattr(placed, "lineno", 1)
        before = self.line_text(line).encode("utf-8", "surrogatepass")[: getattr(placed, "col_offset", 0)]
        return line, len(before.decode("utf-8", "ignore")) + 1


def _visible(text: str) -> str:
    """The text with escapes in place of characters that no reader sees, but for line ends; a tab becomes four spaces."""
    if text.replace("\n", "").isprintable():
        return text
    text = text.replace("\t", "    ")
    return "".join(each if each == "\n" or each.isprintable() else ascii(each)[1:-1] for each in text)


def _fill(text: str, words: dict[str, object]) -> str:
    """Replace each `{name}` by its word. The texts of rules contain other braces, too, so `format` cannot be used."""
    return _SLOT.sub(lambda slot: str(words.get(slot[1], slot[0])), text)
