"""The script API as a stub (`.pyi`) for editors and type checkers, made from the table in `script_api`.

A script imports from it, and the import is dropped before the script runs:

    from session_status import Api, Message, Session, User, message

A field cannot be assigned. A field that may be None has the type `X | Any`: an editor completes X, and a script that
compares a time without asking for None first is not refused by a type checker, as it is not by the check.
"""

from __future__ import annotations

import ast

from .script_api import PREPARE_FIELDS, RECORDS, STUB

#: The module from which scripts import these names, for annotations only.
STUB_MODULE = "session_status"

_HEAD = '''"""What a script of Session Status gets and can call. This file is for editors and type checkers; it is made by
`session-status script new` and is not needed to run a script."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, final
'''
#: Kind in the table -> type.
_TYPES = {"FrozenDict": "Mapping[str, Any]", "dict": "dict[str, Any]", "list": "list[Any]", "tuple": "tuple[Any, ...]"}


def script_stubs() -> str:
    """Return the text of `session_status.pyi`."""
    parts = [_HEAD, '@final\nclass Message:\n    """What status() returns."""\n']
    for node in ast.parse(STUB).body:
        if isinstance(node, ast.ClassDef):
            parts.append(_class(node))
            parts += [_class(_of_prepare(node))] if node.name == "Api" else []
        elif isinstance(node, ast.FunctionDef):
            parts.append(_function(node))
    return "\n".join(parts)


def _of_prepare(api: ast.ClassDef) -> ast.ClassDef:
    """The class of `api` in `prepare`, made from that in `status`."""
    kept = [member for member in api.body if _member_name(member) in PREPARE_FIELDS]
    note = ast.Expr(ast.Constant(RECORDS["PrepareApi"].note))
    return ast.ClassDef("PrepareApi", [], [], [note, *kept], [])


def _member_name(member: ast.stmt) -> str:
    if isinstance(member, ast.FunctionDef):
        return member.name
    return ast.unparse(member.target) if isinstance(member, ast.AnnAssign) else ""


def _class(node: ast.ClassDef) -> str:
    base = "(Exception)" if node.name.endswith("Error") else ""
    lines = ["@final", f"class {node.name}{base}:", f'    """{ast.get_docstring(node)}"""']
    for member in node.body:
        if isinstance(member, ast.FunctionDef):
            lines += [f"    {line}" for line in _function(member, owner=True).splitlines()]
        elif isinstance(member, ast.AnnAssign) and not (base and ast.unparse(member.target) == "args"):
            name, kind = ast.unparse(member.target), _field_type(member.annotation)
            lines += ["    @property", f"    def {name}(self) -> {kind}: ..."]
    return "\n".join(lines) + "\n"


def _function(node: ast.FunctionDef, *, owner: bool = False) -> str:
    arguments = node.args
    for each in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]:
        if each is not None and each.annotation is not None:
            each.annotation = _renamed(each.annotation)
    parameters = ast.unparse(arguments)
    parameters = ", ".join(filter(None, ["self" if owner else "", parameters]))
    result = ast.unparse(_renamed(node.returns)) if node.returns else "None"
    return f'def {node.name}({parameters}) -> {result}:\n    """{ast.get_docstring(node)}"""\n'


def _field_type(annotation: ast.expr) -> str:
    return ast.unparse(_renamed(annotation)).replace(" | None", " | Any")


def _renamed(annotation: ast.expr) -> ast.expr:
    """The type for a kind of the table."""
    if isinstance(annotation, ast.BinOp):
        return ast.BinOp(_renamed(annotation.left), annotation.op, _renamed(annotation.right))
    return ast.parse(_TYPES.get(ast.unparse(annotation), ast.unparse(annotation)), mode="eval").body
