"""Published crashes of json, re and the codecs of texts."""

from __future__ import annotations

from tests.attacks.fuzz.published.crasher import CHECK, HARMLESS, RUN, SAFE, STOPPED, Crasher

_NO_CLASS = "it takes a class with special methods"
_NOT_OFFERED = "the name is not offered"

TEXTS = (
    Crasher(
        "142831",
        "json.dumps whose default empties the list",
        STOPPED,
        "what is written is held while it is written",
        """
        held, keep = [api, [1], api], []
        def default(value):
            held.clear()
            refill(keep)
            return [1]
        return message(json.dumps(held, default=default))
        """,
    ),
    Crasher(
        "145244",
        "json.dumps whose default empties the dict and then fails",
        STOPPED,
        "what is written is held while it is written",
        """
        held, keep = {"A" * 100: api, "B" * 100: [api]}, []
        def default(value):
            held.clear()
            refill(keep)
            raise ValueError("x")
        return message(json.dumps(held, default=default))
        """,
    ),
    Crasher(
        "145244",
        "json.dumps whose default grows the dict",
        STOPPED,
        "what is written is held while it is written",
        """
        held, keep = {"a": api, "b": [api]}, []
        def default(value):
            held.update({str(n): 1 for n in range(500)})
            refill(keep)
            return len(keep)
        return message(json.dumps(held, default=default)[:9])
        """,
    ),
    Crasher(
        "156859",
        "json.dumps without the look for cycles",
        (RUN,),
        "the argument is not offered",
        "return message(json.dumps([api], default=str, check_circular=False))",
    ),
    Crasher(
        "143196",
        "json with an indentation that calls back",
        (CHECK,),
        _NO_CLASS,
        """
        class Indent(str):
            def __mul__(self, count):
                return " "
        return message(json.dumps([1], indent=Indent(" ")))
        """,
    ),
    Crasher(
        "143544",
        "json.JSONDecodeError replaced",
        (CHECK,),
        "attributes are not assigned to",
        """
        json.JSONDecodeError = ValueError
        return message(str(json.loads("x")))
        """,
    ),
    Crasher(
        "74429",
        "objects of _json that were not made whole",
        (CHECK,),
        "the module is not offered",
        """
        import _json
        return message("x")
        """,
    ),
    Crasher(
        "json",
        "json.loads whose hook empties what it has read",
        SAFE,
        "the hook is passed a value that nothing else holds",
        """
        keep = []
        def hook(found):
            keep.append(found)
            for one in keep:
                one.clear()
            refill(keep[:0])
            return keep
        return message(str(len(json.loads('{"a": {"b": {}}, "c": [{}]}', object_hook=hook))))
        """,
    ),
    Crasher(
        "json",
        "json.loads of what is nested too deep",
        (RUN,),
        "Python counts the levels",
        """
        return message(str(json.loads("[" * 100000)))
        """,
    ),
    Crasher(
        "re.sub",
        "re.sub whose function runs the same pattern",
        SAFE,
        "each search has a state of its own",
        """
        pattern, keep = re.compile("(a)|(b)"), []
        def replace(match):
            keep.append(pattern.sub("x", "abab"))
            refill(keep)
            return match.expand(r"[\\1\\2]")
        return message(pattern.sub(replace, "abab"))
        """,
    ),
    Crasher(
        "106524",
        "a template with a group that does not exist",
        (RUN,),
        "the template is parsed by Python code",
        """
        return message(re.sub("(a)", r"\\g<-1>", "a"))
        """,
    ),
    Crasher(
        "106524",
        "_sre.template",
        (CHECK,),
        "the module is not offered",
        """
        import _sre
        return message("x")
        """,
    ),
    Crasher(
        "bogus_sre_bytecode",
        "a pattern made of code",
        (CHECK,),
        "the module is not offered",
        """
        import _sre
        return message(str(_sre.compile("x", 0, [1], 0, {}, ())))
        """,
    ),
    Crasher("140797", "re.Scanner", (CHECK,), _NOT_OFFERED, "return message(str(re.Scanner([])))"),
    Crasher(
        "149692",
        "re.findall many times",
        (HARMLESS,),
        "it was a fault of that machine, and could not be shown again",
        """
        pattern = re.compile(r"[a-z]+|[0-9]+")
        return message(str(sum(len(pattern.findall("ab12" * (n % 50))) for n in range(3000))))
        """,
    ),
    Crasher(
        "infinite_loop_re",
        "a pattern that takes for ever",
        (RUN,),
        "the time is limited",
        """
        return message(str(re.match("(a*)*b", "a" * 40)))
        """,
    ),
    Crasher(
        "126004",
        "UnicodeDecodeError with positions outside of its bytes",
        SAFE,
        "scripts catch it but cannot make it",
        """
        return message(str(UnicodeDecodeError("utf-8", b"00000", 9, 2, "reason"))[:9])
        """,
    ),
    Crasher(
        "123378",
        "UnicodeEncodeError with negative positions",
        SAFE,
        "scripts catch it but cannot make it",
        """
        return message(str(UnicodeEncodeError("bad", "", -5, 1, "reason"))[:9])
        """,
    ),
    *(
        Crasher(
            issue,
            "an error handler of codecs",
            (CHECK,),
            "the module codecs is not offered",
            """
        import codecs
        return message("x")
        """,
        )
        for issue in ("141336", "bpo-32583", "bpo-36819")
    ),
    Crasher(
        "unicode",
        "texts with half characters, through what encodes",
        (RUN,),
        "encoding refuses them",
        """
        return message("\\ud800".encode("utf-16").decode("ascii"))
        """,
    ),
)
