"""Runs the compiled code of a script: fresh names, fresh arguments, one call of `status` or of `prepare`.

Nothing that a script can reach outlives the run. The jailed process ends anyway, but this module does not rely on that.
"""

from __future__ import annotations

import decimal
import marshal
import sys
import warnings
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, TypeVar

from .api import ApiError, CallOut, print_function
from .attributes import get_attribute
from .guard_table import GUARDS
from .script_arguments import ScriptArguments, prepare_api, script_arguments
from .standard_library.builtins_offered import SCRIPT_BUILTINS
from .standard_library.modules_offered import library
from .values.messages import answer_of, hidden, message, with_query
from .values.prepared_facts import facts_of
from .values.value_text import printable, printable_arguments

#: Python's own C code imports these through the `__import__` of the running frame: for strptime, strftime, warnings, a
#: pattern's `sub` and a match's `expand` with groups in the template, and since 3.12 arithmetic with huge numbers. No
#: script can name `__import__`, and the import statements of scripts are assignments of facades.
_C_IMPORTS = frozenset({"_pylong", "_strptime", "re", "time", "warnings"})


Returned = TypeVar("Returned")

#: Puts more names among those of a run: the probes of instrumented code.
Join = Callable[[dict[str, Any], ScriptArguments], None]


def execute(
    code: bytes, script_input: Mapping[str, Any], call: CallOut, join: Join | None = None
) -> dict[str, str | None] | None:
    """Run a script and return what `status` returned: `{"text", "link", "color"}`, or `None` for `hidden()`.

    `code` is `Compilation.code` of the same `RUNTIME_KEY` and is trusted; `script_input` is the JSON of `ScriptInput`.
    Raises what the script raises, and `NotAMessage`. A script cannot catch what `call` raises if it is not an `Exception`.
    """
    arguments = script_arguments(script_input, call)
    names = run_globals(arguments)
    if join is not None:
        join(names, arguments)
    return _run(code, names, lambda: answer_of(names["status"](arguments.user, arguments.session, arguments.api)))


def execute_prepare(code: bytes, script_input: Mapping[str, Any], call: CallOut) -> dict[str, Any]:
    """Run `prepare` of a script that has one, and return its facts by user id. The rest is as in `execute`; raises `NotFacts`."""
    arguments = script_arguments(script_input, call)
    names = run_globals(arguments)
    return _run(code, names, lambda: facts_of(names["prepare"](arguments.session, prepare_api(arguments.api))))


def _run(code: bytes, names: dict[str, Any], function: Callable[[], Returned]) -> Returned:
    """Define the script's functions among the names of the run, then call one of them."""
    decimal.setcontext(decimal.Context())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(marshal.loads(code), names)  # noqa: S102, S302 -- the purpose of this function: checked code in a jail
            return function()
        except Exception as error:
            error.args = tuple(map(printable, printable_arguments(error)))  # its text is stored in the trace
            raise


def run_globals(arguments: ScriptArguments) -> dict[str, Any]:
    """The globals of one run."""
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
