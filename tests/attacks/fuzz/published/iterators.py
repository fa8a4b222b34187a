"""Published crashes of iterators whose container became another, that are nested too deep, or that have an inside."""

from __future__ import annotations

from tests.attacks.fuzz.published.crasher import CHECK, DEEP, RUN, STOPPED, Crasher

_GUARDED = "an iterator that calls back cannot be asked while it runs"
_NO_CLASS = "it takes a class with special methods"
_STACK = "the stack ends, and with it the child; the jail holds the rest"

ITERATORS = (
    Crasher(
        "116980",
        "itertools.tee that feeds itself",
        (*STOPPED, DEEP),
        _STACK,
        """
        parts = [(0, 1)]
        output, feedback = itertools.tee(itertools.chain.from_iterable(parts))
        parts.append(map(sum, itertools.pairwise(feedback)))
        return message(str(some(output)))
        """,
    ),
    Crasher(
        "101765",
        "the state of an iterator, saved while its names are changed",
        (CHECK,),
        "attributes with underscores are refused",
        "return message(str(iter([1]).__reduce__()))",
    ),
    Crasher(
        "143197",
        "the state of a range iterator, set from within",
        (CHECK,),
        "attributes with underscores are refused",
        "return message(str(iter(range(3)).__setstate__(1)))",
    ),
    *(
        Crasher(
            "154709",
            f"reversed({what}) of a dict that was shrunk, emptied and filled again",
            STOPPED,
            "no iterator goes backwards through a dict that can change under it",
            f"""
            held = dict.fromkeys(range(1000), 0)
            for n in range(1, 1000):
                del held[n]
            back = reversed({what})
            held.clear()
            held[0] = 0
            keep = []
            refill(keep)
            return message(str(some(back)))
            """,
        )
        for what in ("held", "held.keys()", "held.values()", "held.items()")
    ),
    Crasher(
        "154709",
        "reversed of an OrderedDict, a Counter and a defaultdict that become others",
        STOPPED,
        "no iterator goes backwards through a dict that can change under it",
        """
        keep = []
        for held in [collections.OrderedDict(), collections.Counter(), collections.defaultdict(list)]:
            held.update(dict.fromkeys(range(1000), 0))
            for n in range(1, 1000):
                del held[n]
            back = reversed(held)
            held.clear()
            held[0] = 0
            refill(keep)
            keep.append(attempt(lambda: some(back)))
        return message(str(len(keep)))
        """,
    ),
    Crasher(
        "83849",
        "reversed of an empty dict",
        STOPPED,
        "mended in CPython 3.9",
        "return message(str([list(reversed({})), list(reversed({}.values())), list(reversed(dict()))]))",
    ),
    *(
        Crasher(issue, f"{wrapped} within itself, thousands deep", (*STOPPED, DEEP), _STACK, program)
        for issue, wrapped, program in (
            (issue, wrapped, f"nest = iter([1])\nfor n in range(100000):\n    nest = {wrapped}\n{used}")
            for issue, wrapped, used in (
                ("102356", "filter(None, nest)", 'nest = None\nreturn message("dropped")'),
                ("137894", "filter(bool, nest)", "return message(str(list(nest)))"),
                ("103503", "map(int, nest)", "return message(str(list(nest)))"),
                ("74128", "itertools.chain.from_iterable([nest])", "return message(str(list(nest)))"),
                ("74483", "itertools.starmap(print, nest)", "return message(str(list(nest)))"),
            )
        )
    ),
    Crasher(
        "105960",
        "itertools.chain.from_iterable and map that call each other",
        (*STOPPED, DEEP),
        _STACK,
        """
        def again(values):
            return itertools.chain.from_iterable(map(again, values))
        return message(str(list(again("a"))))
        """,
    ),
    Crasher(
        "101855",
        "a tuple that is seen before it is whole",
        (CHECK,),
        "the module gc is not offered",
        """
        import gc
        return message(str(gc.get_referrers(user)))
        """,
    ),
    Crasher(
        "125723",
        "the frame of a generator",
        (CHECK,),
        "attributes of frames are refused",
        "return message(str((n for n in [1]).gi_frame))",
    ),
    Crasher(
        "81137",
        "the function behind a generator expression",
        (CHECK,),
        "attributes of code are refused",
        "return message(str((n for n in [1]).gi_code))",
    ),
    Crasher(
        "149122",
        "an asynchronous generator expression",
        (CHECK,),
        "await is not part of the language",
        "return message(str(tuple(await n for n in [])))",
    ),
    Crasher(
        "104419",
        "itertools.combinations that fill the memory",
        (RUN,),
        "the memory is limited",
        """
        return message(str(len(list(itertools.combinations(range(1, 76), 60)))))
        """,
    ),
    Crasher(
        "84411",
        "itertools.product that fills the memory",
        (RUN,),
        "the memory is limited",
        """
        return message(str(len(list(itertools.product(range(100), repeat=9)))))
        """,
    ),
)
