"""Published crashes of iterators that are asked, or dropped, by what they call."""

from __future__ import annotations

from tests.attacks.fuzz.published.crasher import CHECK, SAFE, STOPPED, Crasher

_GUARDED = "an iterator that calls back cannot be asked while it runs"
_NO_CLASS = "it takes a class with special methods"
_SORTED = "key objects are compared by sorted, min and max only"


def _asked(issue: str, touches: str, made: str, *, gives: str = "not keep", asks: str = "some(held)") -> Crasher:
    """An iterator whose callback `ask` asks it, once, and fills what became free."""
    program = f"""
box, keep = {{}}, []
def ask(*values):
    held = box.pop("it", None)
    if held is not None:
        keep.append(attempt(lambda: {asks}))
        refill(keep)
    return {gives}
it = {made}
box["it"] = it
return message(str(attempt(lambda: some(it)))[:3])
"""
    return Crasher(issue, touches, STOPPED, _GUARDED, program)


def _compared(issue: str, touches: str, made: str, *, asks: str, gives: str) -> Crasher:
    """A `groupby` whose keys ask it when they are compared."""
    program = f"""
box, keep = {{}}, []
def compare(a, b):
    if len(keep) < 3:
        keep.append(attempt(lambda: {asks}))
        refill(keep)
    return {gives}
K = functools.cmp_to_key(compare)
box["groups"] = itertools.groupby(range(9), lambda n: K([n]))
{made}
return message(str(attempt(lambda: some(box["it"])))[:3])
"""
    return Crasher(issue, touches, STOPPED, _SORTED, program)


REENTRY = (
    _asked("142732", "itertools.islice over filter", "itertools.islice(filter(ask, [1, 2, 3]), 2)"),
    _asked("142732", "itertools.islice over map, with a step", "itertools.islice(map(ask, range(9)), 1, 5, 2)"),
    _asked("142732", "itertools.chain over filter", "itertools.chain(filter(ask, [1, 2]), [3])"),
    _asked(
        "142732",
        "itertools.chain.from_iterable over map",
        "itertools.chain.from_iterable(map(ask, [1, 2]))",
        gives="[1]",
    ),
    _asked(
        "142732",
        "itertools.chain.from_iterable over filter",
        "itertools.chain.from_iterable([filter(ask, [1, 2]), [3]])",
    ),
    _asked(
        "142732",
        "itertools.zip_longest over chain and map",
        "itertools.zip_longest(itertools.chain(map(ask, [1])), [2, 3])",
    ),
    _asked("154672", "itertools.zip_longest over filter", "itertools.zip_longest(filter(ask, [1, 2]), [1, 2, 3, 4])"),
    _asked(
        "142732",
        "itertools.cycle over filter",
        "itertools.cycle(filter(ask, [1, 2]))",
        asks="[next(held), next(held), next(held)]",
    ),
    _asked("149557", "itertools.pairwise over filter", "itertools.pairwise(filter(ask, [1, 2, 3]))"),
    _asked("149557", "itertools.pairwise over map", "itertools.pairwise(map(ask, [1, 2]))"),
    _asked("154570", "itertools.accumulate, by its function", "itertools.accumulate(range(6), ask)", gives="[values]"),
    _asked("154570", "itertools.accumulate over map", "itertools.accumulate(map(ask, range(6)))", gives="1"),
    _asked("78591", "itertools.tee over map", "itertools.tee(map(ask, range(5)))[0]", gives="values"),
    _asked("101892", "iter(function, sentinel)", "iter(ask, 1)", gives="1"),
    _asked(
        "bpo-30347",
        "itertools.groupby, by its key function",
        "itertools.groupby(range(9), ask)",
        gives="values[0] // 3",
    ),
    _asked(
        "compress", "itertools.compress over two maps", "itertools.compress(map(ask, range(5)), map(ask, range(5)))"
    ),
    _asked(
        "dropwhile",
        "itertools.dropwhile over filter",
        "itertools.dropwhile(ask, filter(ask, range(5)))",
        gives="len(keep) > 3",
    ),
    _asked("takewhile", "itertools.takewhile over map", "itertools.takewhile(ask, map(ask, range(5)))"),
    _asked("starmap", "itertools.starmap over map", "itertools.starmap(ask, map(ask, range(5)))", gives="[1]"),
    _asked(
        "filterfalse", "itertools.filterfalse over map", "itertools.filterfalse(ask, map(ask, range(5)))", gives="False"
    ),
    _asked("zip", "zip over map and filter", "zip(map(ask, range(5)), filter(ask, range(5)))"),
    _asked("enumerate", "enumerate over map", "enumerate(map(ask, range(5)))"),
    _asked("map", "map over filter", "map(ask, filter(ask, range(5)))"),
    _asked("generator", "a generator expression over map", "(n for n in map(ask, range(5)))"),
    _asked("product", "itertools.product over filter", "itertools.product(filter(ask, range(3)), repeat=2)"),
    Crasher(
        "142732",
        "itertools.batched",
        (CHECK,),
        "the name is not offered",
        'return message(str(list(itertools.batched("abc", 2))))',
    ),
    Crasher(
        "149557",
        "itertools.pairwise over a generator that asks it",
        STOPPED,
        "a running generator cannot be asked, and neither can what holds it",
        """
        box, keep = {}, []
        for n in range(200):
            box["it"] = itertools.pairwise(next(box["it"]) for n in [1, 2, 3])
            keep.append(attempt(lambda: next(box["it"])))
        return message(str(len(keep)))
        """,
    ),
    Crasher(
        "154670",
        "itertools.count whose step adds itself",
        (CHECK,),
        _NO_CLASS,
        """
        class Step:
            def __radd__(self, other):
                return next(box["it"])
        return message(str(next(itertools.count(1, Step()))))
        """,
    ),
    Crasher(
        "154670",
        "itertools.count beyond machine words, with an odd step",
        STOPPED,
        "numbers of Python's own do not call back",
        """
        numbers = itertools.count(int("9" * 40), decimal.Decimal("0.5"))
        return message(str([next(numbers), next(numbers)]))
        """,
    ),
    Crasher(
        "126595",
        "itertools.count from the largest machine word",
        STOPPED,
        "the count of CPython, whose assertion failed, is not the one of scripts",
        'return message(str(next(itertools.count(int("9223372036854775807")))))',
    ),
    _compared("143543", "itertools.groupby", 'box["it"] = box["groups"]', asks='next(box["groups"])', gives="1"),
    _compared("146613", "a group", 'box["it"] = next(box["groups"])[1]', asks='next(box["it"])', gives="0"),
    _compared(
        "145678", "a group's parent", 'box["it"] = next(box["groups"])[1]', asks='next(box["groups"])', gives="0"
    ),
    Crasher(
        "143543",
        "itertools.groupby, whose next group is emptied while keys are compared",
        STOPPED,
        _SORTED,
        """
        box = {}
        def compare(a, b):
            groups = box.pop("groups", None)
            if groups is not None:
                next(next(groups)[1])
            return 1
        K = functools.cmp_to_key(compare)
        groups = itertools.groupby(range(9), lambda n: K([n]))
        next(groups)
        box["groups"] = groups
        return message(str(len(some(groups))))
        """,
    ),
    Crasher(
        "bpo-23691",
        "re.finditer, gone on with inside its own loop",
        SAFE,
        "no callback runs inside it",
        """
        found = re.finditer("a|b", "abab")
        return message(str([(match.group(), attempt(lambda: next(found).span())) for match in found]))
        """,
    ),
)
