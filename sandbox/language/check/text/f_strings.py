"""Finds f-strings that only Python 3.12 and newer can read (PEP 701): their quotes, backslashes and comments.

Scripts are written in the Python of `parsing.LANGUAGE`, so that each means the same on every interpreter and to its
readers. Python's own parser can be told to refuse other newer grammar, but not newer f-strings.
"""

from __future__ import annotations

import ast
import io
import sys
import token
import tokenize
from collections.abc import Iterator

#: Whether the parser of this Python accepts more f-strings than scripts may contain.
PARSES_NEWER = sys.version_info >= (3, 12)
#: A field, and a field in its format.
MAX_FIELD_DEPTH = 2

#: Worded like Python's own refusals of other newer grammar.
_NEWER = (
    "f-string: its own quotes, backslashes, comments and deeper nesting in a field are only supported in Python 3.12 "
    "and greater"
)
_STARRED = "f-string: cannot use starred expression here"

Place = tuple[int, int]  #: line from 1, column in characters from 0


def newer_f_strings(source: str, tree: ast.Module) -> Iterator[tuple[Place, str]]:
    """The places of f-strings that Python 3.11 cannot read, each with a text; `tree` is this Python's parse of `source`.

    1. Read as a plain string, it must end at the same place: none of its own quotes inside, no new line between single
       quotes.
    2. No backslash and no comment in the expression of a field.
    3. Nothing between a conversion (`!r`) and what follows it.
    4. Fields in the format of a field, but no deeper.
    5. No star before a field's value, which newer Pythons notice only after this check.
    """
    if not PARSES_NEWER or not any(isinstance(node, ast.JoinedStr) for node in ast.walk(tree)):
        return
    source = source.replace("\r\n", "\n")
    lines = source.split("\n")
    for parts in _f_strings(source):
        if _plain_string_end(lines, parts[0]) != parts[-1].end or _has_newer_fields(lines, parts):  # 1 to 3
            yield parts[0].start, _NEWER
    for node in ast.walk(tree):
        if isinstance(node, ast.FormattedValue):
            if _field_depth(node) > MAX_FIELD_DEPTH:  # 4
                yield (node.lineno, node.col_offset), _NEWER
            if isinstance(node.value, ast.Starred):  # 5
                yield (node.lineno, node.col_offset), _STARRED


def _f_strings(source: str) -> Iterator[list[tokenize.TokenInfo]]:
    """The tokens of each f-string that is not inside another."""
    parts: list[tokenize.TokenInfo] = []
    depth = 0
    for part in tokenize.generate_tokens(io.StringIO(source).readline):
        depth += _is(part, "FSTRING_START")
        if depth:
            parts.append(part)
        depth -= _is(part, "FSTRING_END")
        if parts and not depth:
            yield parts
            parts = []


def _is(part: tokenize.TokenInfo, name: str) -> bool:
    return token.tok_name[part.type] == name


def _plain_string_end(lines: list[str], start: tokenize.TokenInfo) -> Place | None:
    """Where a plain string that starts like this one would end."""
    quote = start.string.lstrip("fFrR")
    line, column = start.end
    while line <= len(lines):
        text = lines[line - 1]
        while column < len(text):
            if text.startswith(quote, column):
                return line, column + len(quote)
            column += 2 if text[column] == "\\" else 1
        if len(quote) == 1 and column == len(text):  # a backslash at the end of a line skips beyond it
            return None
        line, column = line + 1, 0
    return None


def _has_newer_fields(lines: list[str], parts: list[tokenize.TokenInfo]) -> bool:
    depth = 1
    for mark, before, part in zip(parts, parts[1:], parts[2:], strict=False):
        depth += _is(before, "FSTRING_START") - _is(part, "FSTRING_END")
        between = _between(lines, before.end, part.start)
        is_text = depth <= 1 and _is(part, "FSTRING_MIDDLE")
        if "\\" in between or _is(part, "COMMENT") or ("\\" in part.string and not is_text):  # 2
            return True
        if between and mark.string == "!" and not _is(mark, "FSTRING_MIDDLE"):  # 3
            return True
    return False


def _between(lines: list[str], start: Place, end: Place) -> str:
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    return "\n".join([lines[start[0] - 1][start[1] :], *lines[start[0] : end[0] - 1], lines[end[0] - 1][: end[1]]])


def _field_depth(node: ast.FormattedValue) -> int:
    inner = node.format_spec.values if isinstance(node.format_spec, ast.JoinedStr) else []
    return 1 + max((_field_depth(part) for part in inner if isinstance(part, ast.FormattedValue)), default=0)
