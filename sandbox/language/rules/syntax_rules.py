"""The rules about syntax, and the table of all rules.

There is one table, so that the check, the reference page and the tests cannot disagree.
"""

from __future__ import annotations

from types import MappingProxyType

from .api_rules import API
from .rule import Rule, table
from .shape_rules import SHAPE

_HIDDEN_CALL = "It runs code where a reviewer sees no call."

#: Syntax that is refused everywhere.
SYNTAX = table(
    Rule(
        "class",
        "`class` is not available in scripts.",
        "The special methods of a class can deceive checks.",
        "Keep data in a dict or a namedtuple and write plain functions.",
    ),
    Rule(
        "yield",
        "`{word}` is not available in scripts.",
        "Generators give access to the inside of a running function.",
        "Collect the values in a list and return it; (x for x in values) is fine.",
    ),
    Rule(
        "with",
        "`{word}` is not available in scripts.",
        _HIDDEN_CALL,
        "Call the functions directly; there are no files or locks here.",
    ),
    Rule(
        "decorator",
        "Decorators (`@name`) are not available in scripts.",
        _HIDDEN_CALL,
        "Call the function inside another one.",
    ),
    Rule(
        "global",
        "`{word}` is not available in scripts.",
        "State that outlives a function hides what a call does.",
        "Pass the value as an argument and return the new one; in a function inside another one nonlocal is fine.",
    ),
    Rule(
        "async",
        "`{word}` is not available in scripts.",
        "A run is one short sequence of steps.",
        "Write plain def; api.get and api.post wait by themselves.",
    ),
    Rule(
        "match-pattern",
        "A pattern of `match` is not accepted: {problem}.",
        "Patterns may be texts, numbers, None, True, False and names, and lists and dicts of them.",
        "Write it with if, elif and else:\n{form}",
    ),
    Rule(
        "except-star",
        "`except*` is not available in scripts.",
        "It has been used to escape from sandboxes.",
        "Write except Exception as e.",
    ),
    Rule(
        "finally-exit",
        "`{word}` inside `finally` is not available in scripts.",
        "It would suppress the end of a run that has used up a budget.",
        "Put it after the try statement.",
    ),
    Rule(
        "star-call",
        "`*` and `**` are not available in a call of this.",
        "It can pass arguments that no reviewer sees.",
        "Write the arguments out: f(a, b, name=c). Functions and named tuples of the script, zip, print, max, min and message take stars.",
    ),
    Rule(
        "power",
        "The operator `**` is not available in scripts.",
        "Powers of whole numbers can fill the memory in one step.",
        "Write x * x, or math.pow(x, y) for a float.",
    ),
    Rule(
        "left-shift",
        "The operator `<<` is not available in scripts.",
        "It can fill the memory in one step.",
        "Multiply with * instead.",
    ),
    Rule(
        "matrix",
        "The operator `@` is not available in scripts.",
        "There are no matrices here.",
        "Multiply with *.",
    ),
    Rule(
        "type-alias",
        "`type` is not available in scripts.",
        "Types only help readers; nothing checks them here.",
        "Leave it out; annotations may use the type itself.",
    ),
    Rule(
        "type-parameter",
        "Type parameters (`[T]`) are not available in scripts.",
        "Types only help readers; nothing checks them here.",
        "Leave them out; annotations may contain any type.",
    ),
    Rule(
        "template-string",
        'Template strings (`t"…"`) are not available in scripts.',
        "They are not text until other code has processed them.",
        'Write an f-string: f"{count} of {total}".',
    ),
    Rule(
        "star-unpacking",
        "A star stands before several names: *(a, b) = ….",
        "Readers cannot see which values they get.",
        "Unpack in two steps: first, *rest = values, then a, b = rest.",
    ),
    Rule(
        "chained-unpacking",
        "An assignment has several targets, and one of them is unpacked.",
        "It is easily misread.",
        "Write two assignments.",
    ),
    Rule(
        "slice-step",
        "Items are assigned to a slice with a step.",
        "Python can write past the end of a list that becomes shorter meanwhile.",
        "Assign the items one by one, or make a new list.",
    ),
    Rule(
        "attribute-assign",
        "An attribute is assigned or deleted.",
        "Everything with attributes is frozen.",
        'Keep what changes in a dict: data["name"] = value.',
    ),
    Rule(
        "underscore-name",
        "The name {name} belongs to Python or to the sandbox.",
        "Names with two underscores at the beginning, or with one at both ends, have a meaning of their own.",
        "Choose another name; your own may begin with one underscore, as in _row.",
    ),
    Rule("underscore-call", "The name _ is called.", "Readers cannot tell what it does.", "Give the function a name."),
    Rule(
        "own-name",
        "The name {name} is redefined.",
        "Every script gets it from the sandbox, and its meaning must not change.",
        "Choose another name, for example {name}_text.",
    ),
    Rule(
        "complex-number",
        "Complex numbers are not available in scripts.",
        "No message needs them.",
        "Use whole numbers, float or Decimal.",
    ),
    Rule(
        "format-template",
        "format is used on something other than a literal string, or is not called directly.",
        "A template can read attributes of its arguments.",
        'Write an f-string: f"{count} of {total}"; for a template from settings: text.replace("{n}", str(n)).',
    ),
    Rule(
        "format-field",
        "The template field {{field}} must be a name, a number or empty.",
        "Other fields can read attributes.",
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
        "`{part}` is not available in scripts.",
        "Only syntax that is listed as allowed may be used.",
        "Use functions, if, for, try, comprehensions and f-strings.",
    ),
    Rule(
        "default",
        "A default value must be a constant.",
        "It would run when the function is defined.",
        "Write a constant, or None and compute it inside the function.",
    ),
    Rule(
        "star-import",
        "`from {name} import *` is not available in scripts.",
        "It hides where names come from.",
        "Write from {name} import, and then the names that you use.",
    ),
    Rule("attribute", "The attribute {name} is not offered.", "{why}", "{instead}"),
    Rule(
        "underscore-attribute",
        "The attribute {name} begins with an underscore.",
        "Such attributes give access to the inside of Python.",
        "{instead}",
    ),
    Rule(
        "keyword",
        "The argument name {name} begins with an underscore.",
        "Only functions of the script itself have such names.",
        'Choose another name; for addresses write with_query(url, {"{name}": value}).',
    ),
)

#: Every rule that a finding can name.
RULES = MappingProxyType({**SYNTAX, **SHAPE, **API})
