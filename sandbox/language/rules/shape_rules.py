"""The rules about the text, the names, the imports and the shape of a script."""

from __future__ import annotations

from sandbox.outcomes import Severity

from .rule import Rule, table

_HIDDEN = "A reviewer cannot see it, so the script could do something other than it seems to."

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
        "Some editors show a new line there, others do not.",
        "Save the file with line ends that are LF or CR LF.",
    ),
    Rule(
        "joiner",
        "The joiner {code} joins nothing.",
        _HIDDEN,
        "Use it only in a string, between two letters or symbols that are not both ASCII; otherwise write {escape}.",
    ),
    Rule(
        "byte-order-mark",
        "The file begins with a byte order mark.",
        "Scripts are plain UTF-8.",
        "Save the file as UTF-8 without BOM.",
    ),
    Rule(
        "coding",
        "The file declares an encoding other than UTF-8.",
        "Scripts are always UTF-8.",
        "Delete the line.",
    ),
    Rule(
        "coding-utf8",
        "The file declares its encoding.",
        "Scripts are always UTF-8, so the line has no effect.",
        "You may delete the line.",
        Severity.NOTE,
    ),
    Rule(
        "ascii-name",
        "A name has characters that are not ASCII.",
        "Look-alike letters can hide what a name means.",
        "Write names with a-z, A-Z, 0-9 and _; strings may contain any letter.",
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
        "A whole number has more than {limit} digits.",
        "Large numbers can fill the memory.",
        "Use smaller numbers, or text.",
    ),
    Rule("long-string", "A string has {size} characters.", "The limit is {limit}.", "Keep long texts in api.settings."),
    Rule(
        "module-steps",
        "There are steps at module level ({lines}).",
        "The sandbox calls only status(user, session, api) and prepare(session, api); outside them, only imports, functions and values without input are allowed.",
        "Put your steps inside def status:\n{suggestion}",
    ),
    Rule(
        "used-early",
        "The function {name} is used here, before it is defined in line {line}.",
        "Statements at module level run from the top to the bottom.",
        "Move this below the function {name}.",
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
        "The sandbox calls it and shows the message that it returns.",
        'Write:\ndef status(user, session, api):\n    return message("…")',
    ),
    Rule(
        "status-arguments",
        "The arguments of status must be user, session and api.",
        "The sandbox calls status(user, session, api).",
        "Write def status(user, session, api):",
    ),
    Rule(
        "prepare-arguments",
        "This function is named prepare, but the sandbox will not call it.",
        "It calls only a function prepare(session, api) that the script itself does not call.",
        "Write def prepare(session, api): for facts in bulk, or choose another name.",
        Severity.WARNING,
    ),
    Rule(
        "name-twice",
        "The name {name} is defined twice (first in line {line}).",
        "The second would silently replace the first.",
        "Choose another name or delete one.",
    ),
    Rule(
        "api-level",
        "API_LEVEL must be {levels}.",
        "There is no other level of the script API.",
        "Write API_LEVEL = {level}, or leave it out.",
    ),
    Rule("import", "The module {name} is not offered.", "{why}", "{instead}"),
    Rule("import-name", "The name {name} of {module} is not offered.", "{why}", "{instead}"),
    Rule(
        "record-fields",
        "The fields of namedtuple are not written out.",
        "The check must know which names can be read with a dot.",
        'Write them as text: namedtuple("Row", "name price") or namedtuple("Row", ["name", "price"]).',
    ),
    Rule(
        "relative-import",
        "Relative imports are not available in scripts.",
        "A script is one file.",
        "Put the function into this script.",
    ),
    Rule(
        "typing-at-run-time",
        "{name} from {module} is used outside annotations.",
        "Imports from {module} are dropped, because annotations are not evaluated.",
        "Use the value itself, without {name}.",
    ),
    Rule(
        "alias-at-run-time",
        "The type alias {name} is used outside annotations.",
        "It only helps readers: types with brackets and names of typing are not evaluated.",
        "Use the type itself without brackets, for example isinstance(value, dict).",
    ),
    Rule(
        "not-imported",
        "The module {name} is used without an import.",
        "A module must be imported before it is used.",
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
        "except: names no error type.",
        "It is run as except Exception.",
        "Write except Exception:",
        Severity.NOTE,
    ),
    Rule(
        "naive-now",
        "{name} returns a time without a zone (it is in UTC).",
        "The times of sessions have a zone, and Python cannot compare the two kinds.",
        "Write api.now(), or datetime.now(timezone.utc).",
        Severity.WARNING,
    ),
    Rule(
        "restricted",
        "`{part}` is not available in scripts.",
        "The second check, that of RestrictedPython, refuses it.",
        "Write it in another way.",
    ),
)
