"""Published crashes of containers that are changed while they are sorted, filled, copied or taken apart."""

from __future__ import annotations

from tests.attacks.fuzz.published.crasher import CHECK, DEEP, RUN, SAFE, STOPPED, Crasher

_UNHASHABLE = "key objects have no hash, so no key of a dict or set calls back"
_NO_CLASS = "it takes a class with special methods"
_COMPARED = "key objects are compared by sorted, min and max only"
_UNDERSCORE = "attributes with underscores are refused"


CONTAINERS = (
    Crasher(
        "120384",
        "items assigned to a slice with a step, by an iterator that shortens the list",
        (CHECK,),
        "slices with a step are not assigned to",
        """
        held = [1, 2, 3, 4]
        held[::2] = (held.clear() for n in range(2))
        return message(str(held))
        """,
    ),
    Crasher(
        "120384",
        "items assigned to a slice, by an iterator that shortens the list",
        SAFE,
        "without a step the length is read after the iterator has run",
        """
        held = [[n] for n in range(40)]
        held[1:30] = (held.clear() for n in range(20))
        return message(str(len(held)))
        """,
    ),
    Crasher(
        "80399",
        "sorting tuples and others together",
        (RUN,),
        "mended in CPython 3.8",
        'return message(str(sorted([(1.0, 1.0), (False, "A"), 6])))',
    ),
    Crasher(
        "78170",
        "sorting what cannot be compared",
        (RUN,),
        "mended in CPython 3.8",
        "return message(str(sorted([None, None, api])))",
    ),
    Crasher(
        "list.sort",
        "list.sort whose key function changes the list",
        SAFE,
        "list.sort holds the items away and raises",
        """
        held, keep = [[3], [1], [2]], []
        def key(value):
            held.append([0])
            held.clear()
            refill(keep)
            return value
        held.sort(key=key)
        return message(str(held))
        """,
    ),
    Crasher(
        "list.sort",
        "list.sort whose comparison changes and sorts the list",
        SAFE,
        "list.sort holds the items away and raises",
        """
        held, keep = [[n] for n in range(20)], []
        def compare(a, b):
            held.append([0])
            attempt(lambda: held.sort())
            refill(keep)
            return 1
        held.sort(key=functools.cmp_to_key(compare))
        return message(str(len(held)))
        """,
    ),
    Crasher(
        "list.extend",
        "list.extend by a generator that empties and fills the list",
        SAFE,
        "list.extend reads the list again at each step",
        """
        held = [[n] for n in range(50)]
        held.extend(held.clear() or held.append(n) for n in range(50))
        return message(str(len(held)))
        """,
    ),
    Crasher(
        "143004",
        "Counter.update with counts that empty it when they are added",
        (CHECK,),
        _NO_CLASS,
        """
        class Count(int):
            def __add__(self, other):
                return held.clear()
        held = collections.Counter(a=Count())
        held.update("a")
        return message(str(held))
        """,
    ),
    Crasher(
        "143004",
        "Counter.update by a generator that empties the Counter",
        SAFE,
        "numbers of Python's own do not call back, and the generator runs between additions",
        """
        held = collections.Counter({n: int("9" * 40) + n for n in range(9)})
        held.update(held.clear() or n for n in range(9))
        return message(str(len(held)))
        """,
    ),
    Crasher(
        "defaultdict",
        "a defaultdict whose factory empties and fills it",
        SAFE,
        "the factory runs between the look-up and the insertion",
        """
        keep = []
        def make():
            held.clear()
            held.update(dict.fromkeys(range(50)))
            refill(keep)
            return [1]
        held = collections.defaultdict(make)
        return message(str([held["a"], held["b"], len(held)]))
        """,
    ),
    Crasher(
        "79154",
        "bytes by a generator that changes its list",
        SAFE,
        "the list is read again at each step",
        """
        held = list(range(200))
        return message(str(len(bytes(held.pop() for n in held))))
        """,
    ),
    Crasher(
        "151295",
        "bytes.join of items that are dropped meanwhile",
        SAFE,
        "the items are collected before they are joined",
        """
        held = [b"a" * n for n in range(40)]
        return message(str(len(b"-".join(held.pop() for n in range(30)))))
        """,
    ),
    *(
        Crasher(issue, "bytearray", (CHECK,), "bytearray is withheld", 'return message(str(bytearray(b"a")))')
        for issue in ("142557", "142558", "142559", "142560", "126980", "153570", "buffer_mutate")
    ),
    Crasher(
        "underlying_dict",
        "the dict behind a mapping proxy",
        (CHECK,),
        _UNDERSCORE,
        """
        return message(str(str.__dict__))
        """,
    ),
    Crasher(
        "modify_dict_attr",
        "the dict of a type, replaced",
        (CHECK,),
        _UNDERSCORE,
        """
        str.__dict__ = {}
        return message("x")
        """,
    ),
    *(
        Crasher(
            issue,
            touches,
            (*STOPPED, DEEP),
            "the stack ends, and with it the child",
            f"nest = []\nfor n in range(100000):\n    nest = {deeper}\n{used}",
        )
        for issue, touches, deeper, used in (
            ("infinite_rec_4", "lists within lists, compared", "[nest]", "return message(str(nest == [nest]))"),
            ("infinite_rec_5", "tuples within tuples, shown", "(nest,)", "return message(str(nest)[:9])"),
            ("deque", "deques within deques, dropped", "collections.deque([nest])", 'nest = None\nreturn message("x")'),
            ("partial", "partial of partial, called", "functools.partial(nest)", "return message(str(nest()))"),
        )
    ),
    Crasher(
        "recursive_call",
        "calls without end, with a limit that was lifted",
        (CHECK,),
        "the module sys is not offered",
        """
        import sys
        sys.setrecursionlimit(1000000)
        return message("x")
        """,
    ),
    Crasher(
        "recursive_call",
        "calls without end",
        (RUN,),
        "Python counts them",
        """
        def again(n):
            return again(n + 1)
        return message(again(0))
        """,
    ),
    Crasher(
        "infinite_rec_1",
        "comparisons without end",
        STOPPED,
        "Python counts them",
        """
        K = functools.cmp_to_key(lambda a, b: sorted([K(1), K(2)]) and 0)
        return message(str(sorted([K(1), K(2)])))
        """,
    ),
)
