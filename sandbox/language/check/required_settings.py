"""Collects the settings that a script needs: the names in `api.settings["name"]`.

So the console can say that a name is missing before a run fails with `KeyError`. It is only information for people:
scopes are not followed, and computed names are not seen. A name that the script also reads with `get` or tests with `in`
counts as optional.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

#: Names of one script, and characters of one name: no setting has a longer one. The broker refuses more.
MAX_NAMES, NAME_CHARS = 200, 200

#: Rounds in which aliases of `api.settings` are followed: into a variable, into a function's parameter, and once more.
_ROUNDS = 3


def required_settings(tree: ast.Module, nodes: Sequence[ast.AST]) -> dict[str, ast.AST]:
    """The names of the settings that a script needs, sorted, each with the place where it is first read.

    `nodes` are all parts of the tree.
    """
    aliases = _aliases(nodes)
    constants = _constants(tree)
    needed: dict[str, ast.AST] = {}
    optional: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_settings(node.value, aliases):
            first = needed.setdefault(_name(node.slice, constants), node)
            if (node.lineno, node.col_offset) < (getattr(first, "lineno", 0), getattr(first, "col_offset", 0)):
                needed[_name(node.slice, constants)] = node
        elif isinstance(node, ast.Call) and node.args and _is_get(node.func, aliases):
            optional.add(_name(node.args[0], constants))
        elif isinstance(node, ast.Compare) and _is_membership_test(node, aliases):
            optional.add(_name(node.left, constants))
    names = sorted(name for name in needed.keys() - optional if _is_setting_name(name))[:MAX_NAMES]
    return {name: needed[name] for name in names}


def _is_setting_name(text: str) -> bool:
    """Whether a setting can have this name. A lone surrogate cannot be in it: it would not reach the broker unchanged."""
    return 0 < len(text) <= NAME_CHARS and text.isprintable()


def _aliases(nodes: Sequence[ast.AST]) -> frozenset[str]:
    """The names under which `api.settings` is known: variables, and parameters of the script's own functions."""
    functions = {node.name: node.args.args for node in nodes if isinstance(node, ast.FunctionDef)}
    found: frozenset[str] = frozenset()
    for _ in range(_ROUNDS):
        more = found.union(*(_aliases_bound_by(node, functions, found) for node in nodes))
        if more == found:
            break
        found = more
    return found


def _aliases_bound_by(node: ast.AST, functions: dict[str, list[ast.arg]], aliases: frozenset[str]) -> Iterator[str]:
    if isinstance(node, ast.Assign) and _is_settings(node.value, aliases):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in functions:
        for parameter, value in zip(functions[node.func.id], node.args, strict=False):
            if isinstance(value, ast.Starred):
                break
            if _is_settings(value, aliases):
                yield parameter.arg
        yield from (key.arg for key in node.keywords if key.arg and _is_settings(key.value, aliases))


def _is_get(node: ast.expr, aliases: frozenset[str]) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "get" and _is_settings(node.value, aliases)


def _is_membership_test(node: ast.Compare, aliases: frozenset[str]) -> bool:
    return isinstance(node.ops[0], ast.In | ast.NotIn) and _is_settings(node.comparators[0], aliases)


def _is_settings(node: ast.expr, aliases: frozenset[str]) -> bool:
    """Whether this is `api.settings`, whatever the script calls its third argument; no other value has such an attribute."""
    if isinstance(node, ast.Attribute):
        return node.attr == "settings" and isinstance(node.value, ast.Name)
    return isinstance(node, ast.Name) and node.id in aliases


def _constants(tree: ast.Module) -> dict[str, str]:
    """The script's text constants at module level, by name."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _name(node: ast.expr, constants: dict[str, str]) -> str:
    """The name of the setting; "" if it is computed."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return constants.get(node.id, "") if isinstance(node, ast.Name) else ""
