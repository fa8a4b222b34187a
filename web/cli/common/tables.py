"""Tables, pairs and JSON on standard output."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """Print rows below their headings; `empty` is printed if there are none."""
    if not rows:
        click.echo(empty)
        return
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo(click.style(line.rstrip(), bold=row is heads))


def print_pairs(values: Mapping[str, Any], notes: Mapping[str, str]) -> None:
    """Print names with their values, and the meaning of each."""
    width = max(map(len, values))
    for name, value in values.items():
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        note = f"   ({notes[name]})" if name in notes else ""
        click.echo(f"{name:<{width}}  {shown or '-'}{click.style(note, dim=True)}")


def print_json(value: Any) -> None:
    """Print a JSON value, indented."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def print_compact(value: Any) -> None:
    """Print a JSON value on one line, for programs, in ASCII, so that no control character reaches a terminal."""
    click.echo(json.dumps(value, separators=(",", ":")))
