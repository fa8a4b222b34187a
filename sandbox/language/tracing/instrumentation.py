"""Compiles a script as `compile_source` does, and once more with probes between the policy and Python's own compiler."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from sandbox.language.check.compiler import Compilation, compile_source

from .literals import numbers_of, texts_of
from .outline import Outline, outline_of
from .probes import ProbeInserter, Site
from .text_templates import Template, templates_of


@dataclass(frozen=True)
class Instrumented:
    """Code with probes, and what the text of the script shows. `code` is None if the check refuses the script."""

    lines: tuple[int, ...] = ()
    sites: tuple[Site, ...] = ()
    texts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    templates: tuple[tuple[int, tuple[Template, ...]], ...] = ()
    code: bytes | None = field(default=None, repr=False)


class _Instruments:
    """What is read before the policy rewrites the tree, and the rewriting after it."""

    def __init__(self) -> None:
        self.outline = Outline()
        self.sites: list[Site] = []
        self.texts: tuple[str, ...] = ()
        self.numbers: tuple[str, ...] = ()
        self.templates: dict[int, tuple[Template, ...]] = {}

    def read(self, tree: ast.Module) -> None:
        self.outline = outline_of(tree)
        self.texts, self.numbers, self.templates = texts_of(tree), numbers_of(tree), templates_of(tree)

    def rewrite(self, tree: ast.Module) -> None:
        inserter = ProbeInserter(self.outline)
        inserter.insert(tree)
        self.sites = inserter.sites


def instrument(source: str) -> Instrumented:
    """Check and compile a script with probes; it raises nothing that `compile_source` does not raise."""
    instruments = _Instruments()
    compilation: Compilation = compile_source(source, instruments)
    if compilation.code is None:
        return Instrumented()
    return Instrumented(
        lines=instruments.outline.lines,
        sites=tuple(instruments.sites),
        texts=instruments.texts,
        numbers=instruments.numbers,
        templates=tuple(sorted(instruments.templates.items())),
        code=compilation.code,
    )
