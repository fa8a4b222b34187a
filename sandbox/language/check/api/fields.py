"""Checks what is read from the values of a run: fields that are not there, dicts taken for objects and the reverse."""

from __future__ import annotations

import ast
import difflib

from sandbox.language.mistakes import FIELDS
from sandbox.language.offered import ATTRIBUTES
from sandbox.language.script_api import EXAMPLES, RECORDS, SIGNATURES
from sandbox.language.withheld import WITHHELD_ATTRIBUTES

from .clock_kinds import NAIVE, Kinds
from .judge import ApiJudge, fields_of, label_of, nearest, shortened, words_for
from .value_kinds import FUNCTION, NONE

#: How many of a type's many methods a finding lists.
_LISTED = 10
_DICTS = frozenset({"FrozenDict", "dict"})
_DICT_METHODS = frozenset({"get", "items", "keys", "values", "pop", "setdefault", "update", "copy"})
#: Kind -> the heading of its attributes in the table of what is offered.
_HEADINGS = {"FrozenDict": "frozen dict", "FrozenList": "frozen list", NAIVE: "datetime"}
_NOT_CALLABLE = (
    frozenset(ATTRIBUTES) | frozenset(RECORDS) | frozenset({"FrozenDict", "FrozenList", NAIVE, "bool", "Message"})
)
#: Fields of a record that hold what its author may call by a name of their own.
_FREE_FIELDS = {"User": "attributes", "Session": "attributes", "Api": "settings"}


def check_attribute(judge: ApiJudge, node: ast.Attribute) -> None:
    """Report `value.name` if no value that can be there has such a field."""
    name, owners = node.attr, judge.values.present(node.value)
    if not owners or name.startswith("_") or node in judge.explained or not isinstance(node.ctx, ast.Load):
        return
    if owners <= SIGNATURES.keys():
        judge.explained.add(node)
        report_uncalled(judge, node.value)
        return
    if name in WITHHELD_ATTRIBUTES or name == "format" or any(_has(kind, name) is not False for kind in owners):
        return
    judge.explained.add(node)
    kind = min(owners)
    if kind in RECORDS:
        _report_field(judge, node, kind, name)
    elif kind in _DICTS:
        instead = _item(judge, node.value, kind, f'"{shortened(name)}"')
        judge.report(node, "dict-as-object", owner=judge.owner(node.value), name=shortened(name), instead=instead)
    else:
        known = ATTRIBUTES[_HEADINGS.get(kind, kind)]
        near = nearest(name, known)
        instead = f"Write {judge.owner(node.value)}.{near}" if near else "Use one of these, or a function."
        owner = words_for(owners)
        judge.report(
            node,
            "unknown-field",
            owner=owner[0].upper() + owner[1:],
            name=shortened(name),
            fields=_some(name, known),
            instead=instead,
        )


def _some(name: str, known: tuple[str, ...]) -> str:
    """The most similar names of many, for a finding."""
    close = difflib.get_close_matches(name[: _LISTED * 3], known, n=_LISTED, cutoff=0.3) or known[:_LISTED]
    return ", ".join(dict.fromkeys(close)) + (", …" if len(close) < len(known) else "")


def _has(kind: str, name: str) -> bool | None:
    """Whether values of this kind have the attribute; None if that is not known."""
    if kind in RECORDS:
        return name in RECORDS[kind].fields
    names = ATTRIBUTES.get(_HEADINGS.get(kind, kind))
    return None if names is None else name in names


def _report_field(judge: ApiJudge, node: ast.Attribute, kind: str, name: str) -> None:
    owner = judge.owner(node.value, label_of(kind))
    rule = "field-as-item" if name in _DICT_METHODS else "unknown-field"
    instead = _field(owner, kind, name)
    judge.report(
        node,
        rule,
        owner=label_of(kind),
        source=judge.source(node),
        name=shortened(name),
        fields=fields_of(kind),
        instead=instead,
    )


def _field(owner: str, kind: str, name: str) -> str:
    """What to write in place of `owner.name`."""
    if name in RECORDS[kind].fields:
        return f"Write {owner}.{name}"
    known = FIELDS.get((kind, name))
    if known is not None:
        return f"Write {known.replace('{owner}', owner).replace('{{', '{').replace('}}', '}')}"
    near = nearest(name, RECORDS[kind].fields)
    if near is not None:
        return f"Did you mean {owner}.{near}?"
    if kind == "Response":
        return f'Write {owner}.json()["{shortened(name)}"] to read a key of the data.'
    free = _FREE_FIELDS.get(kind)
    return f'Write {owner}.{free}.get("{shortened(name)}")' if free else f"Write one of: {fields_of(kind)}."


def check_item(judge: ApiJudge, node: ast.Subscript) -> None:
    """Report `value[key]` of a value that is read with a dot, and of a function that is not called."""
    owners = judge.values.present(node.value)
    if not owners or not isinstance(node.ctx, ast.Load):
        return
    if owners <= SIGNATURES.keys():
        report_uncalled(judge, node.value)
    elif owners <= RECORDS.keys():
        _report_item(judge, node, node.value, node.slice, f"[{judge.source(node.slice)}]")


def check_dict_method(judge: ApiJudge, node: ast.Call) -> None:
    """Report `user.get("…")`: it has the key, from which the right field follows."""
    function = node.func
    if not isinstance(function, ast.Attribute) or function.attr != "get":
        return
    owners = judge.values.present(function.value)
    if not owners or not owners <= RECORDS.keys() or any(_has(kind, "get") for kind in owners):
        return
    judge.explained.add(function)
    rest = "".join(f", {judge.source(part)}" for part in node.args[1:2])
    shown = judge.source(node.args[0]) if node.args else '"name"'
    _report_item(judge, node, function.value, node.args[0] if node.args else None, f".get({shown}{rest})")


def _report_item(judge: ApiJudge, node: ast.expr, owner_node: ast.expr, key: ast.expr | None, reading: str) -> None:
    kind = min(judge.values.present(owner_node))
    owner = judge.owner(owner_node, label_of(kind))
    name = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
    free = _FREE_FIELDS.get(kind)
    if name is not None and (name in RECORDS[kind].fields or (kind, name) in FIELDS):
        instead = _field(owner, kind, name)
    elif kind == "Response":
        instead = f"Write {owner}.json(){reading}"
    elif free is not None:
        instead = f"Write {owner}.{free}{reading}"
    else:
        instead = f"Write one of: {', '.join(f'{owner}.{field}' for field in RECORDS[kind].fields)}"
    source = judge.source(node, f"{owner}{reading}")
    judge.report(node, "field-as-item", owner=label_of(kind), source=source, fields=fields_of(kind), instead=instead)


def check_membership(judge: ApiJudge, node: ast.Compare) -> None:
    """Report `"key" in user`."""
    for operator, container in zip(node.ops, node.comparators, strict=True):
        owners = judge.values.present(container)
        if not isinstance(operator, ast.In | ast.NotIn) or not owners:
            continue
        if owners <= SIGNATURES.keys():
            report_uncalled(judge, container)
        elif owners <= RECORDS.keys():
            kind, source = min(owners), judge.source(container)
            free = _FREE_FIELDS.get(kind)
            inner = f"{source}.json()" if kind == "Response" else f"{source}.{free}" if free else source
            judge.report(
                container,
                "field-as-item",
                owner=label_of(kind),
                source=source,
                fields=fields_of(kind),
                instead=f"Write … in {inner}",
            )


def check_called(judge: ApiJudge, node: ast.Call) -> None:
    """Report `response.ok()`: a call of a value that is no function."""
    kinds = judge.values.of(node.func)
    if not kinds or not kinds - {NONE} <= _NOT_CALLABLE or kinds == {NONE}:
        return
    source = judge.owner(node.func, "value")
    is_dict = bool(kinds & _DICTS)
    instead = f"Write {_reading(judge, node, source)}" if is_dict else f"Write {source} without brackets after it."
    judge.report(node, "not-callable", source=source, kind=words_for(kinds), instead=instead)


def _reading(judge: ApiJudge, node: ast.Call, source: str) -> str:
    return f"{source}[{judge.source(node.args[0])}]" if node.args else f'{source}["name"]'


def report_uncalled(judge: ApiJudge, node: ast.expr) -> None:
    """Report a function of the script API that is used where its result is meant."""
    kinds = judge.values.of(node)
    kind = min(kinds)
    signature = SIGNATURES[kind]
    needs = any(one.default is None for one in signature.parameters)
    source = judge.owner(node, signature.name)
    instead = f"Write for example {EXAMPLES[kind]}" if needs else f"Write {source}()"
    judge.report(node, "not-called", function=signature.name, why="Only a call gives its result.", instead=instead)


def _item(judge: ApiJudge, node: ast.expr, kind: str, key: str) -> str:
    source = judge.owner(node)
    is_optional = kind == "FrozenDict" and isinstance(node, ast.Attribute) and node.attr == "attributes"
    return f"Write {source}.get({key})" if is_optional else f"Write {source}[{key}]"


def is_uncalled(kinds: Kinds) -> bool:
    """Whether a value can only be a function of the script API."""
    return bool(kinds) and FUNCTION not in kinds and kinds <= SIGNATURES.keys()
