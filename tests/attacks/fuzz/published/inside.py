"""Published crashes that need a way inside: code, frames, modules, threads, special methods; and ends of the memory."""

from __future__ import annotations

from tests.attacks.fuzz.published.crasher import CHECK, RUN, Crasher

_NO_CLASS = "it takes a class with special methods"
_UNDERSCORE = "attributes with underscores are refused"
_ENDS = "the run ends with its memory; no code of the script follows"


def _module(issue: str, touches: str, name: str) -> Crasher:
    program = f'import {name}\nreturn message("x")'
    return Crasher(issue, touches, (CHECK,), f"the module {name} is not offered", program)


def _class(issue: str, touches: str, method: str) -> Crasher:
    program = f'class Evil:\n    def {method}(self, *args):\n        return 1\nreturn message("x")'
    return Crasher(issue, touches, (CHECK,), _NO_CLASS, program)


INSIDE = (
    _module("gc_inspection", "objects as the garbage collector sees them", "gc"),
    _module("114106", "what refers to a value, changed", "gc"),
    _module("trace_at_recursion_limit", "a trace function at the end of the stack", "sys"),
    _module("recursion_limit_too_high", "a limit that is higher than the stack", "sys"),
    _module("null_code_obj", "code objects of nothing", "types"),
    _module("bogus_code_obj", "code objects of any bytes", "types"),
    _module("file_threads", "a file closed by another thread", "threading"),
    _module("multithreaded_close", "the same, many times", "threading"),
    _module("weakref_in_del", "weak references to what dies", "weakref"),
    _module("xml_parsers", "expat with handlers that go away", "xml.parsers.expat"),
    _module("145986", "expat with content models that are too deep", "xml.parsers.expat"),
    _module("warnings_del_crasher", "warnings while the interpreter ends", "warnings"),
    _module("142829", "contexts that are compared while they change", "contextvars"),
    _module("143639", "pickle with keys that call back", "pickle"),
    _module("119083", "threads and their locals", "threading"),
    _class("borrowed_ref_1", "an attribute that dies when it is read", "__getattr__"),
    _class("slot_tp_new", "a slot that is filled by itself", "__new__"),
    _class("dangerous_subclassing", "a subclass that forgets its base", "__init__"),
    _class("coerce", "numbers that turn into each other", "__coerce__"),
    _class("new_logic", "a type that makes others", "__new__"),
    _class("gc_has_finalizer", "a finalizer that is added late", "__del__"),
    _class("decref_before_assignment", "a value that dies while it is assigned", "__del__"),
    _class("infinite_rec_2", "a call that calls itself", "__call__"),
    _class("infinite_rec_3", "a comparison that compares itself", "__eq__"),
    _class("96676", "a set of one's own", "__contains__"),
    _class("138479", "a generic of one's own", "__getattr__"),
    _class("130555", "dict.clear whose values remove the dict when they die", "__del__"),
    _class("142734", "OrderedDict.copy of a subclass", "__getitem__"),
    _class("75789", "a subclass of deque", "__new__"),
    _class("75348", "a slice of a list that is changed by the garbage collector", "__del__"),
    _class("mutation_inside_cyclegc", "a cycle that is changed while it is collected", "__del__"),
    _class("79154", "bytes of a list whose numbers change it", "__index__"),
    _class("loosing_mro_ref", "the order of a type's bases, changed in a look-up", "mro"),
    _class("borrowed_ref_2", "a class attribute that dies when it is read", "__get__"),
    _class("142731", "names whose hash calls back", "__hash__"),
    Crasher(
        "154710",
        "a watcher of dicts",
        (CHECK,),
        "the module _testcapi is not offered",
        "import _testcapi\nreturn message('x')",
    ),
    Crasher(
        "144475",
        "the state of a partial, set while it is shown",
        (CHECK,),
        _UNDERSCORE,
        """
        made = functools.partial(len)
        made.__setstate__((len, (), {}, None))
        return message("x")
        """,
    ),
    Crasher(
        "154189",
        "the state of a partial, set while it is called",
        (CHECK,),
        _UNDERSCORE,
        """
        return message(str(functools.partial(len).__setstate__))
        """,
    ),
    Crasher(
        "73986",
        "the keywords of a partial",
        (CHECK,),
        "no attribute of a partial is offered",
        """
        return message(str(functools.partial(len).keywords))
        """,
    ),
    Crasher(
        "iter",
        "an iterator that is replaced by itself",
        (CHECK,),
        _NO_CLASS,
        """
        class Evil:
            def __iter__(self):
                return iter(self)
        return message(str(list(Evil())))
        """,
    ),
    Crasher(
        "compiler_recursion",
        "an expression that is too deep for the compiler",
        (CHECK,),
        "depth is limited before it is compiled",
        "return message(str(" + "-" * 3000 + "1))",
    ),
    Crasher(
        "compiler_recursion",
        "brackets that are too deep for the parser",
        (CHECK,),
        "Python's parser counts them",
        "return message(str(" + "[" * 1000 + "]" * 1000 + "))",
    ),
    Crasher(
        "except-star",
        "except* that takes one type for another",
        (CHECK,),
        "except* is not part of the language",
        """
        try:
            return message("x")
        except* ValueError:
            pass
        """,
    ),
    Crasher(
        "149146",
        "what is nested deep, when the memory has ended",
        (RUN,),
        _ENDS,
        """
        nest = []
        while True:
            nest = [nest, nest, "x" * 50]
        """,
    ),
    Crasher(
        "151818",
        "list.append when the memory has ended",
        (RUN,),
        _ENDS,
        """
        held = []
        while True:
            held.append([str(len(held)), "x" * 200])
        """,
    ),
    Crasher(
        "152951",
        "deque.extend when the memory has ended",
        (RUN,),
        _ENDS,
        """
        held = collections.deque()
        while True:
            held.extend(range(1000, 9000))
        """,
    ),
    Crasher(
        "152107",
        "an iterator over a dict when the memory has ended",
        (RUN,),
        _ENDS,
        """
        held = []
        while True:
            held.append(iter({len(held): "x" * 500}.items()))
        """,
    ),
)
