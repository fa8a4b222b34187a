"""Published crashes of containers whose items call back when they are compared or hashed, and change them."""

from __future__ import annotations

from tests.attacks.fuzz.published.crasher import STOPPED, Crasher

_UNHASHABLE = "key objects have no hash, so no key of a dict or set calls back"
_NO_CLASS = "it takes a class with special methods"
_COMPARED = "key objects are compared by sorted, min and max only"
_UNDERSCORE = "attributes with underscores are refused"


def _key(issue: str, touches: str, made: str, done: str) -> Crasher:
    """A key of a dict or set that calls back when it is compared."""
    program = f"""
K = functools.cmp_to_key(lambda a, b: held.clear() or 0)
held = {made}
{done}
return message(str(len(held)))
"""
    return Crasher(issue, touches, STOPPED, _UNHASHABLE, program)


def _compared(issue: str, touches: str, made: str, done: str) -> Crasher:
    """A container whose values call back when they are compared, and empty it."""
    program = f"""
keep = []
def compare(a, b):
    held.clear()
    refill(keep)
    return len(keep) % 2
K = functools.cmp_to_key(compare)
held = {made}
return message(str(attempt(lambda: {done}))[:3])
"""
    return Crasher(issue, touches, STOPPED, _COMPARED, program)


COMPARISONS = (
    _key("142637", "del of an OrderedDict whose keys call back", "collections.OrderedDict()", "held[K(1)] = 1"),
    _key("142637", "OrderedDict.pop with a key that calls back", "collections.OrderedDict(a=1)", "held.pop(K(1))"),
    _key("142637", "OrderedDict.move_to_end", "collections.OrderedDict(a=1)", "held.move_to_end(K(1))"),
    _key("148660", "OrderedDict.copy with keys that call back", "collections.OrderedDict()", "held.update({K(1): 2})"),
    _key("119004", "OrderedDict == OrderedDict with keys that call back", "{}", "held[K(1)] = 4"),
    _key("143546", "set &= set with members that call back", "{1}", "held &= {K(1)}"),
    _key("139071", "set.add of a member that adds itself", "{1}", "held.add(K(1))"),
    _key("141805", "repr of such a set", "{1}", "held.discard(K(1))"),
    _key("90773", "set.update with members that call back", "{1}", "held.update([K(1)])"),
    _key("90773", "set.isdisjoint with members that call back", "{1}", "held.isdisjoint([K(1)])"),
    _key("nasty_eq_vs_dict", "dict with keys that call back", "{}", "held[K(1)] = 1"),
    _key("dictresize_attack", "a dict that is resized by its key", "{}", "held[K(1)] = held"),
    _compared("115243", "deque.index with items that empty it", "collections.deque([K([1])])", "held.index(K(3))"),
    _compared("115243", "deque.remove with items that empty it", "collections.deque([K([1])])", "held.remove(K(3))"),
    _compared("115243", "deque.count with items that empty it", "collections.deque([K([1])])", "held.count(K(3))"),
    _compared("115243", "in a deque whose items empty it", "collections.deque([K([1])])", "K(3) in held"),
    _compared("bpo-38610", "list.index with items that empty it", "[K([1])]", "held.index(K(3))"),
    _compared("bpo-38610", "list.remove with items that empty it", "[K([1])]", "held.remove(K(3))"),
    _compared("bpo-38610", "list.count with items that empty it", "[K([1])]", "held.count(K(3))"),
    _compared("bpo-38610", "in a list whose items empty it", "[K([1])]", "K(3) in held"),
    _compared("120298", "list < list whose items empty it", "[K([1])]", "held < [K([2])]"),
    _compared("82769", "list == list whose items empty it", "[K([1]), K([2])]", "held == [K([1]), K([2])]"),
    _compared("82769", "dict == dict whose values empty it", '{"a": K([1])}', 'held == {"a": K([1])}'),
    _compared(
        "119004",
        "OrderedDict == OrderedDict whose values empty it",
        "collections.OrderedDict(a=K([1]), b=K([2]))",
        "held == collections.OrderedDict(a=K([1]), b=K([2]))",
    ),
    _compared(
        "82769",
        "deque == deque whose items empty it",
        "collections.deque([K([1])])",
        "held == collections.deque([K([1])])",
    ),
)
