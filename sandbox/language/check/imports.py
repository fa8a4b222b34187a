"""Which names the imports of a script bind, and which imports are refused.

An import statement never reaches Python's import system: the policy turns it into assignments of facades. So only the
names in `MODULES` matter here.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator

from sandbox.language.offered import DROPPED_MODULES, MODULES
from sandbox.language.rules.findings import Findings
from sandbox.language.withheld import WITHHELD_ATTRIBUTES, WITHHELD_MODULES, WITHHELD_NAMES

_WHY = "Scripts get only the modules and names that were found to be safe."


def bindings(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[ast.alias, str, str]]:
    """For each name that an import binds: the alias, the bound name, and its full name, as in `datetime.timedelta`."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            yield alias, alias.asname or alias.name, f"{node.module}.{alias.name}"
        elif alias.asname:
            yield alias, alias.asname, alias.name
        else:
            first = alias.name.split(".")[0]
            yield alias, first, first


def check_import(node: ast.Import | ast.ImportFrom, findings: Findings) -> None:
    """Report each imported module or name that is not offered."""
    if isinstance(node, ast.ImportFrom):
        _check_from(node, findings)
        return
    for alias in node.names:
        if alias.name not in MODULES:
            report_module(alias, alias.name, findings)


def _check_from(node: ast.ImportFrom, findings: Findings) -> None:
    if node.level or not node.module:
        findings.node(node, "relative-import")
        return
    if node.module in DROPPED_MODULES:
        return  # only a star is left of it, which has a finding of its own
    if node.module not in MODULES:
        report_module(node, node.module, findings)
        return
    for alias in node.names:
        if alias.name != "*":
            check_member(alias, node.module, alias.name, findings)


def check_member(node: ast.AST, module: str, name: str, findings: Findings) -> None:
    """Report `module.name` if it is not offered."""
    if name in MODULES[module]:
        return
    entry = WITHHELD_ATTRIBUTES.get(name) or WITHHELD_MODULES.get(f"{module}.{name}")
    why = entry.why if entry else _WHY
    findings.node(
        node, "import-name", module=module, name=name, why=why, instead=entry.instead if entry else _offer(module, name)
    )


def _offer(module: str, name: str) -> str:
    names = [offered for offered in MODULES[module] if "." not in offered]
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    return f"{module} offers: {', '.join(close or names)}."


def report_module(node: ast.AST, name: str, findings: Findings) -> None:
    """Report a module that is not offered."""
    entry = WITHHELD_MODULES.get(name) or WITHHELD_MODULES.get(name.partition(".")[0]) or WITHHELD_NAMES.get(name)
    if entry:
        findings.node(node, "import", name=name, why=entry.why, instead=entry.instead)
        return
    offered = [*(module for module in MODULES if module != "urllib"), *DROPPED_MODULES]
    findings.node(
        node, "import", name=name, why=_WHY, instead=f"These modules are offered: {', '.join(sorted(offered))}."
    )
