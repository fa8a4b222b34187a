"""What the checks of the script API share: the followed values, the findings, and words for both."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sandbox.language.rules.findings import Findings
from sandbox.language.script_api import LABELS, RECORDS, SIGNATURES

from .clock_kinds import AWARE, NAIVE, Kinds
from .value_kinds import FUNCTION, NONE, ValueKinds

#: Characters of the longest name that is compared with others: the time grows with their square.
_MAX_COMPARED_CHARS = 40
_MAX_NAME = 60
#: Expressions after which a dot can follow.
_PRIMARY = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.List, ast.Dict)

#: Kind -> the words for a value of it.
_WORDS = {
    "str": "text",
    "int": "a whole number",
    "bool": "True or False",
    AWARE: "a time with a zone",
    NAIVE: "a time without a zone",
    "FrozenDict": "a dict",
    "FrozenList": "a list",
    NONE: "None",
    FUNCTION: "a function",
    "Message": "a message",
    "User": "the user",
    "Session": "the session",
    "Api": "api",
    "PrepareApi": "api",
    "Response": "the response",
    "Scans": "the scans",
    "ApiError": "an ApiError",
}


@dataclass(frozen=True)
class ApiJudge:
    """Judges the use of the script API in one script; `explained` collects the attributes that need no other finding."""

    values: ValueKinds
    findings: Findings
    explained: set[ast.AST] = field(default_factory=set)

    def source(self, node: ast.expr, otherwise: str = "…") -> str:
        """An expression as its author wrote it, or other words if it is long."""
        return self.findings.source_of(node) or otherwise

    def owner(self, node: ast.expr, otherwise: str = "…") -> str:
        """The same where a dot or a bracket follows."""
        source = self.source(node, otherwise)
        return source if isinstance(node, _PRIMARY) else f"({source})"

    def report(self, node: ast.AST, rule: str, /, **words: object) -> None:
        """Report a rule at a node."""
        self.findings.node(node, rule, **words)


def words_for(kinds: Kinds) -> str:
    """The kinds in words."""
    known = sorted(kinds, key=lambda kind: (kind == NONE, kind))
    return " or ".join(
        _WORDS.get(kind) or (FUNCTION_WORDS if kind in SIGNATURES else _with_article(kind)) for kind in known
    )


FUNCTION_WORDS = "a function"


def _with_article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def label_of(kind: str) -> str:
    """What authors call a value of this kind."""
    return LABELS.get(kind, kind)


def fields_of(kind: str) -> str:
    """The fields of a kind of record, for the text of a finding."""
    return ", ".join(RECORDS[kind].fields)


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known name that is spelt most like another one."""
    if len(name) > _MAX_COMPARED_CHARS:
        return None
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)
    return close[0] if close else None


def shortened(name: str) -> str:
    """A name, cut where it is so long that a finding would not be readable."""
    return name if len(name) <= _MAX_NAME else name[:_MAX_NAME] + "…"


def call_text(function: str, parts: Sequence[str]) -> str:
    """A call as it should be written."""
    return f"{function}({', '.join(parts)})"
