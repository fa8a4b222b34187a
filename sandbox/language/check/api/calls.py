"""Checks calls of the script API against their signatures: addresses, keywords, arguments and their kinds.

A call has one finding: the first fault in this order, because the others often follow from it.
"""

from __future__ import annotations

import ast
import re
from urllib.parse import parse_qsl, urlsplit

from sandbox.language.mistakes import KEYWORDS, NEEDLESS, SENDING
from sandbox.language.script_api import EXAMPLES, SIGNATURES, Parameter, Signature

from .beginnings import beginning
from .clock_kinds import Kinds
from .judge import ApiJudge, call_text, nearest, shortened, words_for

_VENDOR_CALLS = frozenset({"Api.get", "Api.post"})
_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
#: The beginning of a literal, up to the end of the host in it.
_HOST_IN_LITERAL = re.compile(r"([fFrR]{0,2}[\"']{1,3})https?://[^/\"'{}?#]*", re.IGNORECASE)
#: A name at the beginning of an f-string, and before a plus.
_NAME_IN_LITERAL = re.compile(r"\A([fF][rR]?[\"']{1,3})\{\w+\}", re.ASCII)
_NAME_BEFORE = re.compile(r"\A\w+ *\+ *", re.ASCII)
_MAX_ADDRESS, _MAX_PAIRS = 300, 5
#: Kind of a parameter -> further kinds that it accepts.
_ALSO = {
    "dict": {"FrozenDict", "Counter", "OrderedDict", "defaultdict"},
    "list": {"FrozenList"},
    "str": set(),
}
#: Kinds whose text is what an author wants in a message or an address.
_WRITABLE = frozenset({"int", "float", "Decimal", "None", "date", "datetime", "naive datetime", "timedelta", "bool"})


def check_call(judge: ApiJudge, node: ast.Call) -> None:
    """Report the first fault of a call of the script API; other calls are none of this module's business."""
    kinds = judge.values.of(node.func)
    if len(kinds) != 1 or any(isinstance(part, ast.Starred) for part in node.args):
        return
    (kind,) = kinds
    signature = SIGNATURES.get(kind)
    if signature is None or any(word.arg is None or word.arg.startswith("_") for word in node.keywords):
        return
    _ = (
        (kind in _VENDOR_CALLS and _report_address(judge, node, signature))
        or _report_keyword(judge, node, kind, signature)
        or _report_arguments(judge, node, kind, signature)
        or _report_kinds(judge, node, signature)
    )


# -- a full address in place of connection and path -----------------------------------------------------------------


def _report_address(judge: ApiJudge, node: ast.Call, signature: Signature) -> bool:
    given = [
        *node.args[:2],
        *(word.value for word in node.keywords if word.arg in {"url", "path", "connection", "uri"}),
    ]
    full = next((part for part in given if _ADDRESS.match(beginning(judge, part))), None)
    if full is None:
        return False
    rest = [judge.source(part) for part in node.args if part is not full][:1]
    is_connection = full is node.args[0] if node.args else False
    path = rest[0] if is_connection and rest else _path_of(judge, full)
    connection = rest[0] if rest and not is_connection else '"connection"'
    parts = [connection, path]
    parts += [f"{word.arg}={judge.source(word.value)}" for word in node.keywords if word.arg in signature.keywords[2:]]
    query = _query_of(judge, full)
    parts += [query] if query and not any(part.startswith("params=") for part in parts) else []
    call = call_text(judge.source(node.func, signature.name), parts)
    judge.report(
        full, "api-address", function=signature.name, instead=f"Write {call}, with the name of the connection."
    )
    return True


def _path_of(judge: ApiJudge, node: ast.expr) -> str:
    """The path in an address, as an expression."""
    before = _split(beginning(judge, node))[0]
    if isinstance(node, ast.Constant | ast.Name):
        return f'"{before}"'
    source = judge.findings.source_of(node)
    without = _HOST_IN_LITERAL.sub(r"\1", source, count=1)
    if without == source:
        path = before.rstrip("/")
        without = _NAME_IN_LITERAL.sub(lambda found: found[1] + path, source, count=1)
        without = _NAME_BEFORE.sub(f'"{path}" + ' if path else "", without, count=1) if without == source else without
    is_path = re.match(r"[fFrR]{0,2}[\"']{1,3}/", without)
    return without if is_path and without != source else '"/path"'


def _query_of(judge: ApiJudge, node: ast.expr) -> str:
    pairs = _split(beginning(judge, node))[1] if isinstance(node, ast.Constant | ast.Name) else []
    shown = ", ".join(f'"{name}": "{value}"' for name, value in pairs[:_MAX_PAIRS])
    return f"params={{{shown}}}" if shown else ""


def _split(address: str) -> tuple[str, list[tuple[str, str]]]:
    """The path and the parameters of an address, if they can be shown as they are."""
    try:
        parts = urlsplit(address[:_MAX_ADDRESS])
        pairs = parse_qsl(parts.query, max_num_fields=_MAX_PAIRS)
    except ValueError:
        return "/path", []
    is_plain = all(
        text.isprintable() and not set(text) & set("\"'\\{}") for pair in (*pairs, (parts.path,)) for text in pair
    )
    return (parts.path or "/", pairs) if is_plain else ("/path", [])


# -- keywords -----------------------------------------------------------------------------------------------------


def _report_keyword(judge: ApiJudge, node: ast.Call, kind: str, signature: Signature) -> bool:
    if signature.named:
        return False
    unknown = next((word for word in node.keywords if word.arg not in signature.keywords), None)
    if unknown is None or unknown.arg is None:
        return False
    name = unknown.arg
    takes = ", ".join(signature.keywords)
    why = f"{NEEDLESS[name]} " if name in NEEDLESS else ""
    why += f"{signature.name} takes: {takes}." if takes else f"{signature.name} takes no arguments with a name."
    instead = f"Write {_corrected(judge, node, signature)}"
    if kind == "Api.get" and name in SENDING:
        why, instead = "api.get sends no data; api.post does.", f"Write {_as_post(judge, node)}"
    judge.report(unknown, "api-keyword", function=signature.name, name=shortened(name), why=why, instead=instead)
    return True


def _corrected(judge: ApiJudge, node: ast.Call, signature: Signature) -> str:
    """The call with its unknown keywords renamed or left out."""
    positional = [one.name for one in signature.parameters if one.positional]
    given = {*positional[: len(node.args)], *(word.arg for word in node.keywords)}
    parts = [judge.source(part) for part in node.args]
    for word in node.keywords:
        name = word.arg if word.arg in signature.keywords else _meant(str(word.arg), signature, given)
        if name:
            parts.append(f"{name}={judge.source(word.value)}")
            given.add(name)
    return call_text(judge.source(node.func, signature.name), parts)


def _meant(name: str, signature: Signature, given: set[str | None]) -> str | None:
    if name in NEEDLESS:
        return None
    free = [keyword for keyword in signature.keywords if keyword not in given]
    known = next((keyword for keyword in KEYWORDS.get(name, ()) if keyword in free), None)
    return known or nearest(name, free)


def _as_post(judge: ApiJudge, node: ast.Call) -> str:
    function = node.func
    owner = judge.source(function.value) if isinstance(function, ast.Attribute) else "api"
    parts = [judge.source(part) for part in node.args]
    for word in node.keywords:
        if word.arg not in NEEDLESS:
            name = "json" if word.arg in SENDING else word.arg
            parts.append(f"{name}={judge.source(word.value)}")
    return call_text(f"{owner}.post", parts)


# -- number and kinds of arguments ----------------------------------------------------------------------------------


def _report_arguments(judge: ApiJudge, node: ast.Call, kind: str, signature: Signature) -> bool:
    problem = _problem(node, signature)
    if not problem:
        return False
    example = EXAMPLES[kind]
    if kind in _VENDOR_CALLS and len(node.args) == 1 and not node.keywords:
        given = judge.source(node.args[0])
        is_path = beginning(judge, node.args[0]).startswith("/")
        example = call_text(signature.name, ['"connection"', given] if is_path else [given, '"/path"'])
    judge.report(
        node,
        "api-arguments",
        function=signature.name,
        problem=problem,
        signature=signature.text,
        instead=f"Write for example {example}",
    )
    return True


def _problem(node: ast.Call, signature: Signature) -> str:
    positional = [one for one in signature.parameters if one.positional]
    count, named = len(node.args), {word.arg for word in node.keywords}
    if count > len(positional) and not signature.values:
        most = f"at most {len(positional)}" if positional else "no"
        return f"takes {most} argument{'' if len(positional) == 1 else 's'} without a name, and {count} are given"
    filled = [] if signature.values else positional[:count]
    twice = next((one.name for one in filled if one.name in named and one.keyword), None)
    if twice:
        return f"gets the argument {twice} twice"
    missing = [
        one.name for one in signature.parameters if one not in filled and one.default is None and one.name not in named
    ]
    return f"needs {' and '.join(missing)}" if missing else ""


def _report_kinds(judge: ApiJudge, node: ast.Call, signature: Signature) -> bool:
    for parameter, value in _given(node, signature):
        kinds = judge.values.tested(value)
        if parameter.name == "path" and _report_path(judge, value, signature):
            return True
        accepted = set(parameter.types).union(*(_ALSO.get(one, set()) for one in parameter.types))
        if kinds and accepted and kinds.isdisjoint(accepted):
            judge.report(
                value,
                "api-type",
                name=parameter.name,
                function=signature.name,
                kind=words_for(kinds),
                wanted=words_for(parameter.types),
                instead=_converted(judge, value, kinds, parameter),
            )
            return True
    return False


def _given(node: ast.Call, signature: Signature) -> list[tuple[Parameter, ast.expr]]:
    positional = [] if signature.values else [one for one in signature.parameters if one.positional]
    by_name = {one.name: one for one in signature.parameters if one.keyword}
    named = [(by_name[word.arg], word.value) for word in node.keywords if word.arg in by_name]
    return [*zip(positional, node.args, strict=False), *named]


def _report_path(judge: ApiJudge, value: ast.expr, signature: Signature) -> bool:
    text = beginning(judge, value)
    is_empty = isinstance(value, ast.Constant) and value.value == ""
    if not (text or is_empty) or (text.startswith("/") and not text.startswith("//")):
        return False
    source = "" if isinstance(value, ast.Name) else judge.findings.source_of(value)
    mended = re.sub(r"\A([fFrR]{0,2}[\"']{1,3})/*", r"\1/", source, count=1)
    mended = '"/"' if is_empty else mended
    instead = f"Write {mended}" if mended else 'Begin it with "/".'
    judge.report(value, "api-path", function=signature.name, instead=instead)
    return True


def _converted(judge: ApiJudge, value: ast.expr, kinds: Kinds, parameter: Parameter) -> str:
    source = judge.source(value, "value")
    if "str" in parameter.types:
        if kinds <= SIGNATURES.keys():
            return f"Write {source}()"
        if kinds == {"Response"}:
            return f"Write {source}.text"
        if kinds <= _WRITABLE and kinds != {"None"}:
            return f"Write str({source}), or an f-string."
        return f'Write a text, for example with an f-string: f"{{…}}"; for the argument {parameter.name}.'
    if "dict" in parameter.types:
        return f'Write a dict: {parameter.name}={{"name": value}}'
    return f"Write {words_for(parameter.types)}."
