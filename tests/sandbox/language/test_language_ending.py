"""The end of a used-up budget is raised through the script: no code of a script may replace it."""

from __future__ import annotations

import pytest

from sandbox.language import compile_source, execute
from sandbox.language.run.api import CallOut


class BudgetUsedUp(BaseException):
    """As the jail may raise it out of a call."""


#: Ways to let another error take the place of the end of a run.
SWALLOWED = {
    "bare except": "try:\n    api.get('c', '/a')\nexcept:\n    pass",
    "error in finally": "try:\n    try:\n        api.get('c', '/a')\n    finally:\n        1 / 0\nexcept Exception:\n    pass",
    "error in the type of a handler": (
        "try:\n    try:\n        api.get('c', '/a')\n    except [][0]:\n        pass\nexcept Exception:\n    pass"
    ),
    "call in the type of a handler": (
        "def kinds():\n    return api.log('ran') or [][0]\ntry:\n    try:\n        api.get('c', '/a')\n"
        "    except kinds():\n        pass\nexcept Exception:\n    pass"
    ),
    "inside a callback": "try:\n    sorted([1, 2], key=lambda n: api.get('c', '/a'))\nexcept Exception:\n    pass",
    "inside a generator": "try:\n    list(api.get('c', '/a') for n in [1])\nexcept Exception:\n    pass",
    "inside next with a default": "x = next((api.get('c', '/a') for n in [1]), None)",
    "inside a default factory": (
        "from collections import defaultdict\nd = defaultdict(lambda: api.get('c', '/a'))\n"
        "try:\n    d['x'] += 1\nexcept Exception:\n    pass"
    ),
    "inside json": "import json\ntry:\n    json.dumps({user}, default=lambda o: api.get('c', '/a'))\nexcept Exception:\n    pass",
    "while another error is handled": (
        "try:\n    1 / 0\nexcept ZeroDivisionError:\n    try:\n        api.get('c', '/a')\n    except Exception:\n        pass"
    ),
    "in the else part": "try:\n    pass\nexcept Exception:\n    pass\nelse:\n    try:\n        api.get('c', '/a')\n"
    "    finally:\n        [][0]",
}


@pytest.mark.parametrize("ending", [MemoryError, BudgetUsedUp])
@pytest.mark.parametrize("name", SWALLOWED)
def test_the_end_of_a_run_cannot_be_replaced(name, ending):
    ran = []

    def end(what: str, arguments: object) -> dict[str, object]:
        if what == "log":
            ran.append(arguments)
            return {}
        raise ending

    body = "".join(f"    {line}\n" for line in SWALLOWED[name].splitlines())
    with pytest.raises(ending):
        execute_with(f"def status(user, session, api):\n{body}    return hidden()\n", end)
    assert ran == []


def execute_with(source: str, call: CallOut) -> object:
    code = compile_source(source).code
    assert code is not None
    return execute(code, {"now": "2026-01-01T00:00:00Z"}, call)
