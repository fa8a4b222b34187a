"""The rules about the text, the names, the imports and the shape of a script."""

from __future__ import annotations

from sandbox.outcomes import Severity

from .rule import Rule, table

_HIDDEN = "A reviewer cannot see it, so the script could do something else than it seems to."

#: Rules about the text, the names, the imports and the shape of a script.
SHAPE = table(
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
