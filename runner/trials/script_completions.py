"""What an editor offers while a script is written: names with their arguments and meanings, from the tables of the script API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sandbox import OFFERED, RECORDS, SIGNATURES, Signature

from .fact_review import ImplementationFacts

#: Words of the language that an editor offers.
KEYWORDS = (
    *("and", "break", "continue", "def", "elif", "else", "except", "False", "finally", "for", "if", "in", "is"),
    *("lambda", "None", "not", "or", "pass", "return", "True", "try", "while"),
)


def completions(facts: ImplementationFacts) -> dict[str, Any]:
    """Return what an editor offers: members by value, names, and the connections and settings of the implementation."""
    return {
        "members": {entry.where: list(_members(entry.where)) for entry in OFFERED if entry.kind == "value"},
        "names": [*_names(), *({"label": word, "type": "keyword"} for word in KEYWORDS)],
        "connections": [
            {"label": name, "type": "text", "detail": ", ".join(sorted(one.methods))}
            for name, one in sorted(facts.connections.items())
        ],
        "settings": [{"label": name, "type": "text"} for name in sorted(facts.settings)],
    }


def _members(where: str) -> Iterator[dict[str, str]]:
    """Yield the fields and functions of a value that scripts get."""
    record = next((one for one in RECORDS.values() if one.label == where), None)
    for name, kinds in record.fields.items() if record else ():
        signature = next((SIGNATURES[kind] for kind in kinds if kind in SIGNATURES), None)
        yield _function(name, signature) if signature else {"label": name, "type": "property", "detail": _either(kinds)}


def _names() -> Iterator[dict[str, str]]:
    """Yield what is there without an import."""
    for entry in OFFERED:
        if entry.kind in ("names", "exceptions"):
            for name in entry.names:
                kind = "class" if entry.kind == "exceptions" else "function"
                signature = SIGNATURES.get(name)
                yield _function(name, signature) if signature else {"label": name, "type": kind}


def _function(name: str, signature: Signature) -> dict[str, str]:
    return {"label": name, "type": "function", "detail": _arguments(signature), "info": signature.note}


def _arguments(signature: Signature) -> str:
    shown = [one.name if one.default is None else f"{one.name}={one.default}" for one in signature.parameters]
    several = [f"*{signature.values}"] if signature.values else []
    named = [f"**{signature.named}"] if signature.named else []
    return f"({', '.join((*several, *shown, *named))})"


def _either(kinds: Iterable[str]) -> str:
    return " or ".join(sorted(kinds, key=lambda kind: (kind == "None", kind)))
