"""Runs the compiled code of a script: fresh names, fresh arguments, one call of `status`.

Nothing that a script can reach outlives the run; the jail's process ends anyway, and this does not rely on it.
"""

from __future__ import annotations

import decimal
import marshal
import sys
import warnings
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from .api import ApiError, CallOut, print_function
from .guard_table import GUARDS, get_attribute
from .script_arguments import ScriptArguments, script_arguments
from .standard_library.builtins_offered import SCRIPT_BUILTINS
from .standard_library.modules_offered import library
from .values.messages import answer_of, hidden, message, with_query
from .values.value_text import printable, printable_arguments

#: Python's own C code imports these by the `__import__` of the running frame: strptime, strftime, warnings, a
#: pattern's `sub` and a match's `expand` whose template has groups, and since 3.12 arithmetic with huge numbers. No
#: script can name `__import__`, and its import statements are assignments of facades.
_C_IMPORTS = frozenset({"_pylong", "_strptime", "re", "time", "warnings"})


def execute(code: bytes, given: Mapping[str, Any], call: CallOut) -> dict[str, str | None] | None:
    """Run a script and give what `status` answered: `{"text", "link", "color"}`, or `None` for `hidden()`.

    `code` comes from `Compilation.code` of the same `RUNTIME_KEY` and is trusted; `given` is the JSON of `ScriptInput`.
    Raises what the script raises, and `NotAMessage`. An exception of `call` which is no `Exception` cannot be caught.
    """
    arguments = script_arguments(given, call)
    names = run_globals(arguments)
    decimal.setcontext(decimal.Context())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(marshal.loads(code), names)  # noqa: S102, S302 -- this is the purpose: reviewed code in a jail
            return answer_of(names["status"](arguments.user, arguments.session, arguments.api))
        except Exception as error:
            error.args = tuple(map(printable, printable_arguments(error)))  # its text goes to the trace
            raise


def run_globals(arguments: ScriptArguments) -> dict[str, Any]:
    """The global names of one run."""
    offered = {
        **SCRIPT_BUILTINS,
        "print": print_function(get_attribute(arguments.api, "log")),
        "message": message,
        "hidden": hidden,
        "with_query": with_query,
        "ApiError": ApiError,
    }
    offered["__import__"] = _import_for_c_code
    return {"__builtins__": offered, "__name__": "script", "_import_": library(arguments.now), **GUARDS}


def _import_for_c_code(name: str, *_args: object, **_kwargs: object) -> ModuleType:
    if name not in _C_IMPORTS:
        raise ImportError(f"{name} is not offered")
    return sys.modules[name]
