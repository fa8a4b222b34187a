"""Writes the expressions of programs: values, callbacks, calls of offered names, iterators within iterators.

Everything random comes from one generator of random numbers, so a program is known by its seed and number.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.attacks.fuzz.hints import CALLING, HINTS, LAZY
from tests.attacks.fuzz.names import Target
from tests.attacks.fuzz.values import HOLDING, MAKERS, ODD

DEPTH = 3  #: calls within calls
_PATTERNS = ('"(a)|b"', '"(?:)"', '"(a*)*b"', '"(?P<n>.)"', '"[^x]+?"', '"(?i)\\u0130|s"', '"(?=(a))"', 'b"a+"')
_TEMPLATES = ('r"\\1"', 'r"\\g<0>\\g<0>"', '"x"', 'r"\\g<n>"')
_JSONS = (
    "'[1, 2.5, {\"a\": [1e3]}]'",
    '\'{"a": {"b": {}}, "c": [0]}\'',
    "'[' * 60 + ']' * 60",
    "'\"\\\\ud800\\\\u0000\"'",
    "'{\"a\": 1' + ', \"b\": 2.0' * 40 + '}'",
)
#: The check must be able to read the fields.
_RECORDS = (
    '"Row", "a b"',
    '"Row", ["a", "count"]',
    '"Row", "a", defaults=[v0]',
    '"Row", ()',
    '"Row", "a b", defaults=(f0, K)',
)
_NUMBERS = ("0", "1", "2", "3", "5", "-1", "100", "len(fuel)")
_GENERIC = (("c", 3), ("i", 3), ("v", 5), ("n", 2), ("s", 2))  #: kinds of arguments where nothing is known
_KEYWORDS = ("key", "default", "object_hook", "func", "repeat", "maxlen", "start", "initial", "reverse")


class Author:
    """One program's choices. `variables` are the containers it has, each with the label of its type."""

    def __init__(self, rng: Random, targets: tuple[Target, ...]) -> None:
        self.rng = rng
        self.targets = targets
        self.variables: dict[str, str] = {}
        self.used: set[Target] = set()
        self._by_text = {_spoken(target): target for target in targets}
        self._calling = [self._by_text[name] for name in CALLING if name in self._by_text]
        self._lazy = [self._by_text[name] for name in LAZY if name in self._by_text]

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred cases."""
        return self.rng.random() * 100 < percent

    def value(self, depth: int = 0) -> str:
        """Any value."""
        if self.variables and self.chance(35):
            return self.variable()
        if depth < DEPTH and self.chance(25):
            return self.call(depth + 1)
        if self.chance(6):
            return self.starred(depth + 1)
        if self.chance(3):
            return f"type({self.value(depth + 1)}).__name__"
        if self.chance(40):
            return self.rng.choice(ODD)
        return self.of(self.rng.choice(tuple(MAKERS)))

    def starred(self, depth: int = 0) -> str:
        """A call of what may be called with stars."""
        ways = (
            f"f0(*some({self.iterable(depth + 1)})[:3])",
            f"f0(**dict(zip('abc', {self.iterable(depth + 1)})))",
            f"some(zip(*{self.iterable(depth + 1)}))",
            f"max(*{self.iterable(depth + 1)}, key={self.callback(depth + 1)})",
            f"min(*{self.iterable(depth + 1)}, default={self.value(DEPTH)})",
            f"message(*{self.iterable(depth + 1)})",
            f"(lambda *args, **words: (args, words))({self.value(DEPTH)}, {self.value(DEPTH)})",
        )
        return self.rng.choice(ways)

    def of(self, label: str) -> str:
        """A value of the type with this label: a variable of the program, or a new one."""
        known = [name for name, kind in self.variables.items() if kind == label]
        return self.rng.choice(known) if known and self.chance(60) else self.rng.choice(MAKERS[label])

    def variable(self) -> str:
        """A container that the program has."""
        return self.rng.choice(tuple(self.variables))

    def iterable(self, depth: int = 0) -> str:
        """Something to go through: an iterator, a container, a generator expression."""
        pick = self.rng.random()
        if depth < DEPTH and pick < 0.45:
            return self.lazy(depth + 1)
        if pick < 0.55:
            return f"({self.callback(depth + 1)}(n) for n in {self.iterable(depth + 2)})"
        if pick < 0.62:
            return 'box.get("it")'
        if self.variables and pick < 0.85:
            return self.variable() + self.rng.choice(("", "", ".items()", ".values()", ".keys()"))
        return self.of(self.rng.choice(HOLDING))

    def lazy(self, depth: int = 0) -> str:
        """An iterator, most often made of another one."""
        if self._lazy and self.chance(85):
            return self.call(depth, self.rng.choice(self._lazy))
        return f"iter({self.iterable(depth + 1)})"

    def within(self) -> str:
        """An iterator around one that calls back, and little around it: the inner one must be freed with the outer."""
        if not self._lazy:
            return self.lazy()
        inner = self.rng.choice([target for target in self._calling if target in self._lazy] or self._lazy)
        arguments = [
            self._harmful(word) if word[-1] in "ck" else self._argument(word, DEPTH)
            for word in self.rng.choice(HINTS[_spoken(inner)]).split()
        ]
        held = f"{self.reach(inner)}({', '.join(arguments)})"
        if self.chance(25):
            return held
        outer = self.rng.choice(self._lazy)
        given = [
            held if word == "i" else self._argument(word, DEPTH)
            for word in self.rng.choice(HINTS[_spoken(outer)]).split()
        ]
        return f"{self.reach(outer)}({', '.join(given)})"

    def _harmful(self, word: str) -> str:
        """The callback, or key object, that does harm, as one argument."""
        name, mark, kind = word.rpartition("=")
        return f"{name}{mark}{'keyed(K, v0)' if kind == 'k' else self.rng.choice(('f0', 'f0', 'f0', 'K'))}"

    def callback(self, depth: int = 0) -> str:
        """Something to be called back: mostly a function of the program that does harm."""
        pick = self.rng.random()
        if pick < 0.72:
            return self.rng.choice(("f0", "f0", "f1"))
        if pick < 0.8:
            return f"functools.partial({self.rng.choice(('f0', 'f1', 'len'))}, {self.value(depth + 1)})"
        if pick < 0.88:
            return "K"
        if pick < 0.92:
            return "None"
        if pick < 0.96:
            return f"lambda *args: {self.value(DEPTH)}"
        return self.reach(self.rng.choice(self.targets), depth)

    def target(self) -> Target:
        """An offered name: every one is chosen, those that call back more often."""
        if self._calling and self.chance(45):
            return self.rng.choice(self._calling)
        return self.rng.choice(self.targets)

    def call(self, depth: int = 0, target: Target | None = None) -> str:
        """A call of an offered name, or the bare name at times."""
        target = target or self.target()
        reached = self.reach(target, depth)
        if self.chance(4):
            return reached
        return f"{reached}({', '.join(self._arguments(target, depth))})"

    def reach(self, target: Target, depth: int = 0) -> str:
        """The expression of an offered name."""
        self.used.add(target)
        if not target.needs_value:
            return target.text
        if target.where == "session":
            return f"session.{target.name}"
        value = self.of(target.where)
        return f"{value}.{target.name}" if value.isidentifier() else f"({value}).{target.name}"

    def _arguments(self, target: Target, depth: int) -> list[str]:
        if target.text == "collections.namedtuple":
            return [self.rng.choice(_RECORDS)]
        ways = HINTS.get(_spoken(target)) or HINTS.get(f"dict.{target.name}" if target.needs_value else "")
        if ways and self.chance(88):
            return [self._argument(word, depth) for word in self.rng.choice(ways).split()]
        count = self.rng.choices((0, 1, 2, 3), (3, 6, 4, 1))[0]
        kinds = self.rng.choices([kind for kind, _ in _GENERIC], [weight for _, weight in _GENERIC], k=count)
        given = [self._argument(kind, depth) for kind in kinds]
        if self.chance(12):
            given.append(f"{self.rng.choice(_KEYWORDS)}={self.callback(depth)}")
        return given

    def _argument(self, word: str, depth: int) -> str:
        name, mark, kind = word.rpartition("=")
        return f"{name}{mark}{self._of_kind(kind, depth)}"

    def _of_kind(self, kind: str, depth: int) -> str:
        if self.chance(6):
            return self.rng.choice(ODD)
        makers: dict[str, Callable[[], str]] = {
            "b": lambda: self.of("bytes"),
            "c": lambda: self.callback(depth),
            "i": lambda: self.iterable(depth),
            "j": lambda: self.rng.choice(_JSONS),
            "k": lambda: f"keyed(K, {self.value(DEPTH)})",
            "m": lambda: self.callback(depth) if self.chance(75) else self.rng.choice(_TEMPLATES),
            "n": lambda: self.rng.choice((*_NUMBERS, self.of("int"))),
            "p": lambda: self.rng.choice(_PATTERNS),
            "s": lambda: self.of("str"),
            "v": lambda: self.value(depth),
        }
        return makers[kind]()


def _spoken(target: Target) -> str:
    """The name that hints know it by."""
    return f"{target.where}.{target.name}" if target.kind in {"module", "type", "value"} else target.name
