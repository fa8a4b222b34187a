"""The rules about the use of the script API: calls, fields, results and obvious types.

Each names what would fail in a run. `{instead}` is the corrected expression where there is one.
"""

from __future__ import annotations

from sandbox.outcomes import Severity

from .rule import Rule, table

#: Rules about the use of the script API.
API = table(
    Rule("api-keyword", "{function} has no argument {name}.", "{why}", "{instead}"),
    Rule("api-arguments", "{function} {problem}.", "It is called as {signature}.", "{instead}"),
    Rule(
        "api-address",
        "{function} is called with a full address.",
        "A script reaches only the connections that were set up for it; each knows its own address.",
        "{instead}",
    ),
    Rule(
        "api-path",
        'The path of {function} must begin with one "/".',
        "The connection knows the address before it.",
        "{instead}",
    ),
    Rule(
        "api-type",
        "The argument {name} of {function} is {kind}.",
        "It must be {wanted}; the call would fail.",
        "{instead}",
    ),
    Rule("unknown-field", "{owner} has no {name}.", "It has: {fields}.", "{instead}"),
    Rule(
        "field-as-item",
        "{source} is read as if {owner} were a dict.",
        "The fields of {owner} are read with a dot. It has: {fields}.",
        "{instead}",
    ),
    Rule(
        "dict-as-object",
        "{owner} is a dict, and a dict has no {name}.",
        "The keys of a dict are read with brackets or get.",
        "{instead}",
    ),
    Rule("not-called", "{function} is a function and is not called here.", "{why}", "{instead}"),
    Rule("not-callable", "{source} is not a function: it is {kind}.", "The call would fail.", "{instead}"),
    Rule(
        "no-return",
        "`status` can end after this statement without a message.",
        "It then returns None, and the run counts as failed.",
        'Write return message("…") or return hidden() at the end of this path.',
        Severity.WARNING,
    ),
    Rule("return-value", "`status` returns {kind}.", "It must return message(…) or hidden().", "{instead}"),
    Rule(
        "prepare-return",
        "`prepare` returns {kind}.",
        "It must return a dict with a user's id as each key and a dict of facts as its value.",
        'Write for example return {"the id of a user": {"credits": 1}}',
    ),
    Rule(
        "prepare-no-return",
        "`prepare` can end after this statement without facts.",
        "It then returns None, and the run counts as failed.",
        "Write return {} at the end of this path if nothing is known.",
        Severity.WARNING,
    ),
    Rule(
        "prepare-user",
        "`prepare` has no user.",
        "It runs once for all users of a session.",
        "Return facts by user id; status(user, session, api) gets those of its user as api.facts.",
    ),
    Rule(
        "may-return-nothing",
        "{function} can return None here.",
        "`status` would return None, and the run would count as failed.",
        "Let every path of {function} return a message, or test the result before you return it.",
        Severity.WARNING,
    ),
    Rule(
        "message-unused",
        "This message is made and not returned.",
        "Only the message that `status` returns is shown.",
        "{instead}",
        Severity.WARNING,
    ),
    Rule(
        "type-brackets",
        "{source} is evaluated when the line runs.",
        "A type takes brackets only in annotations, which are not evaluated.",
        "Write {name}.",
    ),
    Rule(
        "naive-compared",
        "A time without a zone and a time with a zone are {action}.",
        "Python cannot do that. The times of a session and api.now() have a zone; {source} has none.",
        "{instead}",
    ),
    Rule(
        "cannot-compare",
        "{left} and {right} are compared.",
        "Python cannot order the two; the line would fail.",
        "{instead}",
    ),
    Rule(
        "text-plus", "Text is joined with {kind}.", "`+` joins text with text only; the line would fail.", "{instead}"
    ),
    Rule(
        "exact-and-float",
        "{left} and {right} are calculated with each other.",
        "Python does not mix the two; the line would fail.",
        "{instead}",
    ),
    Rule(
        "link-scheme",
        'The link begins with "{begins}", so it will be dropped.',
        "The app shows a link only if it begins with https://, exactly so.",
        'Begin it with "https://".',
        Severity.WARNING,
    ),
    Rule(
        "json-error",
        "This `except` never catches an error of .json().",
        'An answer that is not JSON raises ApiError with the kind "not json".',
        "{instead}",
        Severity.WARNING,
    ),
    Rule(
        "error-kind",
        'No ApiError has the kind "{name}".',
        "The kinds are: {kinds}.",
        "{instead}",
        Severity.WARNING,
    ),
)
