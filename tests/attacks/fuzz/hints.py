"""Which arguments lead deep into a name: a help for the fuzzer, never a limit.

A name without a hint is called with arguments of every kind, callbacks among them, and one with a hint is called so at
times. Each hint lists kinds of arguments, with blanks between them:

    c  a callback         i  something to go through    v  any value       n  a whole number
    s  a text             b  bytes                      p  a pattern       j  a text of JSON
    m  a text or callback for `re.sub`                  k  a key object of `cmp_to_key`
"""

from __future__ import annotations

from types import MappingProxyType

#: A name as programs write it, or only its last part -> its arguments.
HINTS = MappingProxyType(
    {
        "all": ("i",),
        "any": ("i",),
        "bytes.fromhex": ("s",),
        "dict.fromkeys": ("i v",),
        "enumerate": ("i", "i n"),
        "filter": ("c i",),
        "int.from_bytes": ("b s",),
        "iter": ("i", "c v"),
        "map": ("c i", "c i i"),
        "max": ("i key=c", "v v key=c"),
        "min": ("i key=c", "i key=c default=v"),
        "next": ("i", "i v"),
        "range": ("n", "n n n"),
        "reversed": ("i",),
        "sorted": ("i key=c", "i key=c reverse=n", "i"),
        "sum": ("i", "i v"),
        "zip": ("i i", "i i i"),
        "functools.cmp_to_key": ("c",),
        "functools.partial": ("c", "c v", "c i"),
        "functools.reduce": ("c i", "c i v"),
        "itertools.accumulate": ("i c", "i", "i c initial=v"),
        "itertools.chain": ("i i", "i i i"),
        "itertools.chain.from_iterable": ("i",),
        "itertools.combinations": ("i n",),
        "itertools.combinations_with_replacement": ("i n",),
        "itertools.compress": ("i i",),
        "itertools.count": ("n", "n n", "v v"),
        "itertools.cycle": ("i",),
        "itertools.dropwhile": ("c i",),
        "itertools.filterfalse": ("c i",),
        "itertools.groupby": ("i c", "i key=c", "i"),
        "itertools.islice": ("i n", "i n n", "i n n n"),
        "itertools.pairwise": ("i",),
        "itertools.permutations": ("i n",),
        "itertools.product": ("i i", "i repeat=n"),
        "itertools.repeat": ("v n", "v"),
        "itertools.starmap": ("c i",),
        "itertools.takewhile": ("c i",),
        "itertools.tee": ("i", "i n"),
        "itertools.zip_longest": ("i i", "i i fillvalue=v"),
        "json.dumps": ("v default=c", "v default=c indent=n sort_keys=n", "v"),
        "json.loads": ("j object_hook=c", "j parse_int=c", "j parse_float=c object_hook=c"),
        "re.compile": ("p", "p n"),
        "re.findall": ("p s",),
        "re.finditer": ("p s",),
        "re.split": ("p s",),
        "re.sub": ("p m s", "p m s n"),
        "re.subn": ("p m s",),
        "Pattern.sub": ("m s", "m s n"),
        "Pattern.subn": ("m s",),
        "Pattern.finditer": ("s", "s n n"),
        "list.sort": ("key=c", "key=c reverse=n", ""),
        "list.extend": ("i",),
        "list.index": ("k", "v n n"),
        "list.remove": ("k", "v"),
        "list.count": ("k", "v"),
        "tuple.index": ("k",),
        "deque.index": ("k", "v n n"),
        "deque.remove": ("k", "v"),
        "deque.count": ("k", "v"),
        "deque.extend": ("i",),
        "deque.extendleft": ("i",),
        "Counter.update": ("i",),
        "Counter.subtract": ("i",),
        "dict.update": ("i", "v"),
        "set.update": ("i", "i i"),
        "set.difference_update": ("i",),
        "set.intersection_update": ("i",),
        "set.symmetric_difference_update": ("i",),
        "str.join": ("i",),
        "bytes.join": ("i",),
        "str.translate": ("v",),
        "str.maketrans": ("v", "s s"),
        "statistics.mode": ("i",),
        "statistics.median": ("i",),
        "statistics.quantiles": ("i n=n",),
        "math.prod": ("i start=v", "i"),
        "math.fsum": ("i",),
        "math.dist": ("i i",),
        "math.hypot": ("n n",),
        "datetime.datetime.strptime": ("s s",),
        "datetime.fromisoformat": ("s",),
        "decimal.Decimal": ("s", "v"),
        "calendar.monthrange": ("n n",),
        "html.unescape": ("s",),
        "urllib.parse.urljoin": ("s s",),
        "urllib.parse.urlparse": ("s", "s s n"),
        "urllib.parse.urlsplit": ("s", "s s n"),
        "collections.deque": ("i", "i n"),
        "collections.OrderedDict": ("i", "v"),
        "collections.Counter": ("i",),
        "collections.defaultdict": ("c", "c v"),
        "zoneinfo.ZoneInfo": ("s",),
        "isinstance": ("v v",),
        "print": ("v",),
    }
)

#: What gives an iterator that goes on working when it is asked: the names that are nested into each other most.
LAZY = tuple(
    name
    for name in HINTS
    if name.startswith("itertools.") or name in {"enumerate", "filter", "iter", "map", "reversed", "zip", "re.finditer"}
)

#: Names that call back, or compare key objects, which do: they are chosen more often than others.
CALLING = tuple(
    name
    for name, ways in HINTS.items()
    if any(word.rpartition("=")[2] in "cmk" for way in ways for word in way.split())
)
