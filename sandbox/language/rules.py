"""Every rule that a finding can name, with its words: what, why and what to write instead.

One table, so that the check, the docs page and the tests cannot disagree. `{...}` in the words is filled in by
the place that finds; the words are shown to authors as they stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from sandbox.outcomes import Severity


@dataclass(frozen=True)
class Rule:
    """One rule: `name` is its id in findings."""

    name: str
    what: str
    why: str
    instead: str
    severity: Severity = Severity.ERROR


def _table(*rules: Rule) -> MappingProxyType[str, Rule]:
    return MappingProxyType({rule.name: rule for rule in rules})


_JAIL_WHY = "It runs code at a place where a reviewer does not see a call."
_HIDDEN = "A reviewer cannot see it, so the script could do something else than it seems to."

#: Syntax which is refused wherever it stands.
SYNTAX = _table(
    Rule(
        "class",
        "A class is defined.",
        "Special methods of a class can lie to checks.",
        "Keep data in a dict and write plain functions.",
    ),
    Rule(
        "yield",
        "yield makes a generator.",
        "Generators give access to the inside of a running function.",
        "Collect the values in a list and return it; (x for x in values) is fine.",
    ),
    Rule("with", "A with statement.", _JAIL_WHY, "Call the functions plainly; there are no files or locks here."),
    Rule("decorator", "A decorator.", _JAIL_WHY, "Call the function inside another one."),
    Rule(
        "global",
        "A global or nonlocal statement.",
        "State that outlives a function hides what a call does.",
        "Pass the value as an argument and return the new one, or keep it in a dict.",
    ),
    Rule(
        "async",
        "async or await.",
        "A run is one short sequence of steps.",
        "Write plain def; api.get and api.post wait by themselves.",
    ),
    Rule("match", "A match statement.", "Its patterns read attributes without a check.", "Write if … elif … else."),
    Rule(
        "except-star",
        "except* catches groups of errors.",
        "It has been a way out of sandboxes.",
        "Write except Exception as e.",
    ),
    Rule(
        "finally-exit",
        "return, break or continue inside finally.",
        "It would swallow the end of a used-up budget.",
        "Put it after the try statement.",
    ),
    Rule(
        "star-call",
        "* or ** in a call.",
        "It can pass arguments which no reviewer sees.",
        "Write the arguments out: f(a, b, name=c).",
    ),
    Rule(
        "power",
        "The operator **.",
        "Powers of whole numbers can fill the memory in one step.",
        "Write x * x, or math.pow(x, y) for a float.",
    ),
    Rule("left-shift", "The operator <<.", "It can fill the memory in one step.", "Multiply with * instead."),
    Rule("matrix", "The operator @.", "There are no matrices here.", "Multiply with *."),
    Rule(
        "chained-unpacking",
        "Several targets in one assignment, one of them unpacked.",
        "It is easily read wrongly.",
        "Write two assignments.",
    ),
    Rule(
        "attribute-assign",
        "An attribute is assigned or deleted.",
        "Everything with attributes is frozen.",
        'Keep what changes in a dict: data["name"] = value.',
    ),
    Rule(
        "underscore-name",
        "The name {name} begins with an underscore.",
        "Such names belong to Python and to the sandbox.",
        "Choose a name without it; _ alone may be a target.",
    ),
    Rule("underscore-call", "The name _ is called.", "Readers cannot tell what it does.", "Give the function a name."),
    Rule(
        "own-name",
        "The name {name} is bound anew.",
        "The sandbox gives it to every script, and it must mean that.",
        "Choose another name, for example {name}_text.",
    ),
    Rule("complex-number", "A complex number.", "No message needs one.", "Use whole numbers, float or Decimal."),
    Rule(
        "format-template",
        "format is used on something else than a literal, or not called at once.",
        "A template can walk through attributes of what it is given.",
        'Write an f-string: f"{count} of {total}"; for a template out of settings: text.replace("{n}", str(n)).',
    ),
    Rule(
        "format-field",
        "The template field {{field}} is not plain.",
        "It could walk through attributes.",
        'Write an f-string: f"{user.first_name}".',
    ),
    Rule(
        "format-arguments",
        "The template and its arguments do not match: {problem}.",
        "The call would always fail.",
        "Give one argument for each field, or write an f-string.",
    ),
    Rule(
        "syntax",
        "{part} is not part of the language of scripts.",
        "What is not named as allowed is refused.",
        "Use functions, if, for, try, comprehensions and f-strings.",
    ),
    Rule(
        "default",
        "A default value is computed.",
        "It would run when the function is defined.",
        "Write a constant, or None and compute it inside the function.",
    ),
    Rule(
        "star-import",
        "from {name} import *.",
        "It hides where names come from.",
        "Import the names: from datetime import datetime, timedelta.",
    ),
    Rule("attribute", "The attribute {name} is not offered.", "{why}", "{instead}"),
    Rule(
        "underscore-attribute",
        "The attribute {name} begins with an underscore.",
        "Such attributes lead to the inside of Python.",
        "Use the public methods of the value.",
    ),
    Rule(
        "keyword",
        "The argument name {name} begins with an underscore.",
        "Such names belong to the sandbox.",
        'Choose another name; for addresses write with_query(url, {"{name}": value}).',
    ),
)

#: Rules about the text, the names, the imports and the shape of a script.
SHAPE = _table(
    Rule(
        "too-long", "The script has {size} bytes.", "The limit is {limit}.", "Shorten it; keep tables in api.settings."
    ),
    Rule(
        "too-complex",
        "The script is too large or too deeply nested.",
        "{why}",
        "Split long expressions into steps and functions.",
    ),
    Rule("not-text", "The script is not text.", "{why}", "Save the file as UTF-8 text."),
    Rule(
        "invisible-character", "The invisible character {code}.", _HIDDEN, "Delete it; inside a string write {escape}."
    ),
    Rule("control-character", "The control character {code}.", _HIDDEN, "Delete it; inside a string write {escape}."),
    Rule(
        "lone-return",
        "A carriage return without a line feed.",
        "Some editors show a new line there and others do not.",
        "Save the file with plain line ends.",
    ),
    Rule(
        "joiner",
        "A joiner ({code}) where nothing is joined.",
        _HIDDEN,
        "Use it only in a string between two characters that need it; else write {escape}.",
    ),
    Rule(
        "byte-order-mark",
        "The file begins with a byte order mark.",
        "Scripts are plain UTF-8.",
        "Save the file as UTF-8 without BOM.",
    ),
    Rule(
        "coding",
        "The file names an encoding.",
        "Scripts are always UTF-8.",
        "Delete the line.",
    ),
    Rule(
        "coding-utf8",
        "The file names its encoding.",
        "Scripts are always UTF-8, so it says nothing.",
        "You may delete the line.",
        Severity.NOTE,
    ),
    Rule(
        "ascii-name",
        "A name has letters outside a-z.",
        "Look-alike letters can hide what a name means.",
        "Write names with a-z, 0-9 and _; texts in strings may use any letter.",
    ),
    Rule(
        "python-syntax",
        "Python cannot read this: {message}.",
        "The text is not valid Python {version}.",
        "Correct the line; the mistake may also be in the line above.",
    ),
    Rule(
        "python-warning", "Python warns: {message}.", "It often means a mistake.", "Correct the line.", Severity.WARNING
    ),
    Rule(
        "large-number",
        "A number with more than {limit} digits.",
        "Large numbers can fill the memory.",
        "Use smaller numbers, or text.",
    ),
    Rule("long-string", "A string of {size} characters.", "The limit is {limit}.", "Keep long texts in api.settings."),
    Rule(
        "module-steps",
        "Steps stand at module level ({lines}).",
        "The sandbox calls status(user, session, api) and nothing else; constants and functions may stand outside.",
        "Put your steps inside def status:\n{suggestion}",
    ),
    Rule(
        "main-guard",
        "if __name__ == …: is not needed.",
        "The sandbox calls status(user, session, api) itself.",
        "Delete the block.",
    ),
    Rule(
        "no-status",
        "There is no function status(user, session, api).",
        "The sandbox calls it and shows its message.",
        'Write:\ndef status(user, session, api):\n    return message("…")',
    ),
    Rule(
        "status-arguments",
        "status has other arguments.",
        "The sandbox calls status(user, session, api).",
        "Write def status(user, session, api):",
    ),
    Rule(
        "name-twice",
        "The name {name} is defined twice (first in line {line}).",
        "The second would silently replace the first.",
        "Choose another name or delete one.",
    ),
    Rule(
        "api-level",
        "API_LEVEL is not a level which exists.",
        "This sandbox offers level {level}.",
        "Write API_LEVEL = {level}, or leave it out.",
    ),
    Rule("import", "The module {name} is not offered.", "{why}", "{instead}"),
    Rule("import-name", "{module} has no {name} here.", "{why}", "{instead}"),
    Rule("relative-import", "A relative import.", "A script is one file.", "Put the function into this script."),
    Rule(
        "typing-at-run-time",
        "{name} from {module} is used outside annotations.",
        "Imports from typing are dropped, as annotations are not run.",
        "Use the value itself, without {name}.",
    ),
    Rule(
        "not-imported",
        "The module {name} is used without import.",
        "Names of modules come from an import.",
        "Write import {name} at the top.",
    ),
    Rule("withheld-name", "The name {name} is not offered.", "{why}", "{instead}"),
    Rule(
        "unknown-name",
        "The name {name} is not defined.",
        "Nothing in the script or the sandbox gives it a value.",
        "{instead}",
    ),
    Rule(
        "bare-except",
        "except: without an error type.",
        "It is run as except Exception.",
        "Write except Exception:",
        Severity.NOTE,
    ),
    Rule(
        "naive-now",
        "{name} gives a time without a zone (UTC is assumed).",
        "Times of sessions have a zone, and Python does not compare the two.",
        "Write api.now(), or datetime.now(timezone.utc).",
        Severity.WARNING,
    ),
    Rule("restricted", "{message}", "RestrictedPython, the second check, refuses it.", "Write it in another way."),
    Rule("not-compiled", "Python cannot compile the script: {message}.", "{why}", "Simplify the script."),
)

RULES = MappingProxyType({**SYNTAX, **SHAPE})
