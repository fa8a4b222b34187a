"""Forms of JSON schemas that all parts of the document use."""

from __future__ import annotations

from typing import Any


def schema_object(properties: dict[str, Any], description: str) -> dict[str, Any]:
    """Return the schema of an object with exactly these members."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def some_members(properties: dict[str, Any], needed: tuple[str, ...], description: str) -> dict[str, Any]:
    """Return the schema of an object with some required members, which may have further members."""
    return {"type": "object", "description": description, "properties": properties, "required": list(needed)}


def or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a value that may be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def listed(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a list."""
    return {"type": "array", "items": schema}


def ref(name: str) -> dict[str, Any]:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}
