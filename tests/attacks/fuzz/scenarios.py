"""The shapes of programs: each brings C code into a state that its author did not think of.

Re-entry: an iterator is asked, or dropped, by the callback that it is running. Change: a container is changed by the
callback, or by the loop, that goes through it. Stale: an iterator is used after its container has become another. Nest:
what holds itself thousands of times over. Match: patterns whose guards change what is matched. Freed memory is filled again at once, so that a use of it shows.
"""

from __future__ import annotations

from random import Random

from tests.attacks.fuzz.author import Author
from tests.attacks.fuzz.names import Target
from tests.attacks.fuzz.values import CHANGING, HOLDING, changes

#: Each shape of a program, and of how many in a hundred.
SHAPES = {"reentry": 32, "change": 19, "stale": 13, "calls": 26, "nest": 4, "match": 6}

_KEYED = ("dict", "OrderedDict", "Counter", "defaultdict")
_RETURNS = (
    "a",
    "b",
    "a",
    "0",
    "1",
    "-1",
    "True",
    "False",
    "None",
    "len(fuel) % 2",
    "len(fuel) % 3 - 1",
    "[a, b]",
    "keep",
    "box",
    '"x"',
    "str(n for n in keep)",
    "keyed(K, a)",
)
_REENTER = (
    'next(box["it"], None)',
    'keep.append(next(box["it"], None))',
    'keep.append(attempt(lambda: next(box["it"])))',
    'keep.append(some(box["it"]))',
    'attempt(lambda: some(box["it"]))',
    'keep.append(attempt(lambda: list(box["it"])))',
    'attempt(box["op"])',
    'keep.append(box["op"]())',
    'keep.append((box.get("it"), a))',
    'keep.append(attempt(lambda: next(next(box["it"])[1])))',
    'keep.append(attempt(lambda: [list(one) for one in box["it"]]))',
    'keep.append(attempt(lambda: some(some(box["it"])[0])))',
)
_FREE = ('box["it"] = None', "box.clear()", 'box.pop("it", None)', "keep.clear()", 'box["op"] = None')
_RAISE = ('raise ValueError("x")', "raise StopIteration", "raise KeyError(a)", 'raise ApiError("x")')
_TEXTS = (
    'f"{{{0}!r:.150}}"',
    'f"{{{0}}}"[:150]',
    '("%s" % ({0},))[:150]',
    '"{{}}".format({0})[:150]',
    "ascii({0})[:150]",
    "str([{0}])[:150]",
    "str(api.now())[:9] + str({0})[:150]",
)
_SHOWN = ("keep", "box", "f0", "f1", "K", "user", "api.log", "message", "str", "len", "re", "(n for n in keep)")
_DEEPER = (
    "[nest]",
    "(nest,)",
    '{{"k": nest}}',
    "(n for n in nest)",
    "ValueError(nest)",
    "lambda *args: nest",
    "functools.partial(nest, 1)",
    "collections.deque([nest])",
    "frozenset([nest])",
)
_SHALLOWER = (
    "next(nest)",
    "some(nest)",
    "list(nest)",
    "str(nest)[:99]",
    "nest == nest",
    "nest == [nest]",
    "nest()",
    "json.dumps(nest)",
    "len(nest)",
    "sorted([nest, nest])",
    "isinstance(3, nest)",
    "{nest: 1}",
    "hashlib.sha256(nest)",
)


def program(seed: str, targets: tuple[Target, ...], shape: str = "") -> tuple[str, frozenset[Target]]:
    """One program, a function `program(user, session, api)`, and the names that it says; `shape` is one of `SHAPES`."""
    story = Story(Random(seed), targets)
    return story.write(shape), frozenset(story.author.used)


class Story:
    """Writes one program, line by line."""

    def __init__(self, rng: Random, targets: tuple[Target, ...]) -> None:
        self.rng = rng
        self.author = Author(rng, targets)
        self.lines: list[str] = []
        self._frees = False

    def write(self, shape: str) -> str:
        """The whole function."""
        self._say(0, "def program(user, session, api):")
        self._say(1, f"fuel = list(range({self.rng.choice((2, 4, 7, 12, 30))}))")
        self._say(1, "keep = []")
        self._say(1, "box = {}")
        self._functions()
        for number in range(self.rng.choice((1, 1, 2))):
            label = self.rng.choice(CHANGING if self.author.chance(75) else HOLDING)
            self._say(
                1, f"v{number}, = [{self.author.of(label)}]"
            )  # so the check does not follow it, and any use is run
            self.author.variables[f"v{number}"] = label
        shape = shape or self.rng.choices(tuple(SHAPES), tuple(SHAPES.values()))[0]
        getattr(self, f"_{shape}")()
        shown = self.rng.choice(_TEXTS).format(self.rng.choice((*_SHOWN, *self.author.variables)))
        self._say(1, f"return {shown}")
        return "\n".join(self.lines) + "\n"

    def _say(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def _functions(self) -> None:
        """Two callbacks; the variables they change are bound later, as Python allows."""
        self._frees = self.author.chance(25)  # the callbacks may give `keep` another value
        for name in ("f0", "f1"):
            self._say(1, f"def {name}(a=None, b=None, c=None):")
            if self._frees:
                self._say(2, "nonlocal keep")
            self._say(2, "if not fuel:")
            self._say(3, f"return {self.rng.choice(_RETURNS)}")
            self._say(2, "fuel.pop()")
            for _ in range(self.rng.choice((1, 2, 2, 3)) if name == "f0" else 1):
                self._say(2, "@")  # filled in when it is known what there is to change
            self._say(2, f"return {self.rng.choice(_RETURNS)}")
        offered = any(target.text == "functools.cmp_to_key" for target in self.author.targets)
        self._say(1, f"K = {'functools.cmp_to_key(f0)' if offered else 'f0'}")

    def _fill(self, first: str = "") -> None:
        """What the callbacks do; `first` is the first thing that `f0` does."""
        filled = []
        for line in self.lines:
            harm, first = (first, "") if first and line.strip() == "@" else (self._harm(), first)
            filled.append(line.replace("@", harm) if line.strip() == "@" else line)
        self.lines = filled

    def _harm(self) -> str:
        pick = self.rng.random()
        if self._frees and self.author.chance(15):
            return self.rng.choice(("keep = []", "keep = [keep]", "keep = list(keep)"))
        if pick < 0.34:
            return self.rng.choice(_REENTER)
        if pick < 0.5:
            return self.rng.choice(_FREE)
        if pick < 0.66:
            return "refill(keep)"
        if pick < 0.9:
            return self._changing()
        if pick < 0.93:
            return self.rng.choice(_RAISE)
        return f"keep.append({self.author.value()})"

    def _changing(self) -> str:
        name = self.author.variable()
        statement = self.rng.choice(changes(self.author.variables[name])).format(v=name)
        # a changed name would be the callback's own
        return (
            statement
            if " += " not in statement and " *= " not in statement and "= {" not in statement
            else "keep.clear()"
        )

    def _try(self, expression: str) -> None:
        """Use it; most often the program goes on whatever comes of it."""
        if self.author.chance(85):
            self._say(1, f"keep.append(attempt(lambda: {expression}))")
        else:
            self._say(1, f"keep.append({expression})")

    def _reentry(self) -> None:
        """An iterator whose callbacks ask, empty or drop the iterator itself."""
        self._fill(self.rng.choice(_REENTER) if self.author.chance(70) else "")
        self._say(1, f'box["it"] = {self.author.within() if self.author.chance(70) else self.author.lazy()}')
        self._say(1, f'box["op"] = lambda: {self.rng.choice(_OPERATIONS)}')
        for _ in range(self.rng.choice((1, 2, 3))):
            self._try(self.rng.choice(_OPERATIONS))
        if self.author.chance(40):
            self._say(1, "refill(keep)")
            self._try('some(box["it"])')

    def _change(self) -> None:
        """An operation on a container whose callbacks, or whose loop, change it."""
        self._fill()
        name = self.author.variable()
        label = self.author.variables[name]
        self._say(1, f'box["it"] = {self.rng.choice(("iter", "reversed", "enumerate", "iter"))}({name})')
        if self.author.chance(50):
            views = (
                ("", ".items()", ".values()") if label in {"dict", "OrderedDict", "Counter", "defaultdict"} else ("",)
            )
            self._say(1, f"for item in {self.rng.choice(('', 'iter', 'reversed'))}({name}{self.rng.choice(views)}):")
            self._say(2, "if not fuel:")
            self._say(3, "break")
            self._say(2, "fuel.pop()")
            self._say(2, f"{self.rng.choice(changes(label)).format(v=name)}")
            self._say(2, f"{self.rng.choice(('refill(keep)', 'f0(item)', 'keep.append(item)'))}")
        methods = [target for target in self.author.targets if target.needs_value and target.where == label]
        for _ in range(self.rng.choice((1, 2, 3))):
            expression = self.author.call(0, self.rng.choice(methods)) if methods else self.author.call()
            self._say(1, f'box["op"] = lambda: {expression}')
            self._try('box["op"]()')
        self._try(
            self.rng.choice(
                (f"{name} == {name}", f"{name} < {name}", f"keyed(K, 1) in {name}", f"sorted({name}, key=K)")
            )
        )

    def _stale(self) -> None:
        """An iterator over a container that is emptied, grown or shrunk meanwhile."""
        self._fill()
        name = self.author.variable()
        label = self.author.variables[name]
        view = self.rng.choice(("", "", ".items()", ".values()", ".keys()"))
        made = f'box["it"] = {self.rng.choice(("reversed", "reversed", "iter"))}({name}{view})'
        steps = [self.rng.choice(changes(label)).format(v=name) for _ in range(self.rng.choice((2, 3, 4, 5)))]
        steps.insert(self.rng.randrange(len(steps) + 1), made)
        if label in _KEYED and self.author.chance(50):  # as long as before, in another memory
            size = self.rng.choice((1, 2, 5))
            steps = [f"shrink({name}, {size})", made, f"{name}.clear()", f"grow({name}, {size})"]
        for step in steps:
            self._say(1, step)
        self._say(1, "refill(keep)")
        self._try('some(box["it"])')
        self._try('next(box["it"], None)')

    def _calls(self) -> None:
        """Calls of any names with any arguments."""
        self._fill()
        self._say(1, f'box["it"] = {self.author.iterable()}')
        self._say(1, f'box["op"] = lambda: {self.author.call()}')
        for _ in range(self.rng.choice((2, 3, 5))):
            self._try(self.author.call())
        if self.author.chance(30):
            self._say(1, self.rng.choice(changes(self.author.variables["v0"])).format(v="v0"))
            self._try(self.author.call())
        self._try('box["op"]()')

    def _nest(self) -> None:
        """A value within a value, thousands deep, which is then used and dropped."""
        self._fill()
        deeper = self.rng.choice(_DEEPER)
        lazy = self.author._lazy
        if self.author.chance(60) and lazy:
            target = self.rng.choice(lazy)
            self.author.used.add(target)
            before = "None, " if target.name in {"filter", "filterfalse"} else "len, " if "map" in target.name else ""
            after = ", 3" if target.name in {"islice", "combinations"} else ""
            deeper = f"{target.text}({before}nest{after})"
        self._say(1, f"nest = {self.rng.choice(('[1, 2]', 'iter([1, 2, 3])', '()', 'api', 'str'))}")
        self._say(1, "for n in range(DEEP):")
        self._say(2, f"nest = {deeper.replace('{{', '{').replace('}}', '}')}")
        self._try(self.rng.choice(_SHALLOWER))
        self._say(1, "nest = None")

    def _match(self) -> None:
        """Patterns on a container or an iterator, with guards and bodies that change it."""
        self._fill()
        name = self.author.variable()
        self._say(1, f'box["it"] = {self.author.iterable()}')
        self._say(1, "for item in range(3):")
        self._say(2, f"match {self.rng.choice((name, name, self.author.value(), f'[{name}, {name}]'))}:")
        for pattern in self.rng.sample(_PATTERNS, self.rng.choice((1, 2, 4))):
            guard = self.rng.choice(("", "", f" if f0({name})", ' if attempt(box["op"])', f" if {self.author.value()}"))
            self._say(3, f"case {pattern}{guard}:")
            self._say(4, self.rng.choice(("keep.append(item)", "refill(keep)", self._changing(), "f1(item)")))
        self._say(3, "case left if item < 2:")
        self._say(4, "keep.append(left)")
        self._say(1, f'box["op"] = lambda: {self.author.call()}')
        self._try('box["op"]()')


_PATTERNS = (
    "[one, *rest]",
    "[*rest, one]",
    "[one, two]",
    "[one, [two, *rest]]",
    "[_, *_, _]",
    '{"k": one, **rest}',
    "{1: one}",
    '{"k": [one]}',
    "1 | 2 | None",
    '"a" | b"a"',
    "[1 | 2, _] as one",
    "None",
    "-1",
)
_OPERATIONS = (
    'next(box["it"], None)',
    'some(box["it"])',
    'list(box["it"])',
    'tuple(box["it"])',
    'sum(box["it"], 0)',
    'sorted(box["it"], key=f1)',
    'max(box["it"], default=None)',
    'dict.fromkeys(box["it"])',
    '3 in box["it"]',
    '[n for n in box["it"] if f1(n)]',
    'str("").join(box["it"])',
    'keep.extend(box["it"])',
    'collections.deque(box["it"], 2)',
    'next(iter(box["it"]))',
    'some(zip(box["it"], box["it"]))',
)
