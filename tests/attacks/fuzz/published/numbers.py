"""Published crashes of numbers, times, digests and what turns texts into them."""

from __future__ import annotations

from tests.attacks.fuzz.published.crasher import CHECK, HARMLESS, RUN, Crasher

_NO_CLASS = "it takes a class with special methods"
_NOT_OFFERED = "the name is not offered"

NUMBERS = (
    Crasher(
        "75773",
        "unicodedata.normalize of odd texts",
        (HARMLESS,),
        "nothing of it is replaced here",
        """
        return message(ascii(unicodedata.normalize("NFKC", "\\ufdfa" * 9 + "\\u0300" * 40))[:9])
        """,
    ),
    Crasher(
        "bpo-34087",
        "int of digits of other scripts",
        (HARMLESS,),
        "mended in CPython 3.7",
        """
        return message(str([int("\\u0663\\u0664"), float("\\u0663.\\u0664 ")]))
        """,
    ),
    Crasher(
        "79741", "a number with a width of 00", (HARMLESS,), "mended in CPython 3.8", 'return message(f"{123.0:00}")'
    ),
    Crasher("80140", "math.prod", (HARMLESS,), "mended in CPython 3.8", "return message(str(math.prod(range(1, 10))))"),
    Crasher(
        "152228",
        "str.replace that fills the memory",
        (RUN,),
        "the run ends with its memory; no code of the script follows",
        """
        text = "a" * 1000
        for n in range(9):
            text = text.replace("a", "aa" * 20)
        return message(text[:3])
        """,
    ),
    Crasher(
        "127903",
        "strftime with an empty result",
        (HARMLESS,),
        "not in this place before CPython 3.12",
        """
        return message(datetime.datetime(2013, 11, 10, 14, 20, 59).strftime("%z") + "x")
        """,
    ),
    Crasher(
        "78635",
        "fromisoformat of half characters",
        (RUN,),
        "mended in CPython 3.7",
        """
        return message(str(datetime.datetime.fromisoformat("\\ud8002018-01-01T00:00")))
        """,
    ),
    Crasher(
        "152079",
        "fromisoformat of odd texts",
        (HARMLESS,),
        "each is refused or read",
        """
        odd = ["2020-06-15T12:34:56+00:00:00.000001", "2020-W53-7", "2020-01-01T00:00:00,", "20200101T24", "\\x00" * 10]
        return message(str(len([attempt(lambda: datetime.datetime.fromisoformat(text)) for text in odd])))
        """,
    ),
    Crasher(
        "145166",
        "a zone's fromutc with a subclass of datetime",
        (CHECK,),
        _NO_CLASS,
        """
        class Time(datetime.datetime):
            def __new__(cls, *args):
                return b""
        return message("x")
        """,
    ),
    Crasher(
        "125318",
        "ZoneInfo.utcoffset of what is no datetime",
        (RUN,),
        "without a class every other value is refused",
        """
        return message(str(zoneinfo.ZoneInfo("Europe/Berlin").utcoffset(datetime.date(1995, 9, 2))))
        """,
    ),
    Crasher(
        "142782",
        "ZoneInfo.clear_cache from a key's comparison",
        (CHECK,),
        _NOT_OFFERED,
        """
        return message(str(zoneinfo.ZoneInfo.clear_cache()))
        """,
    ),
    Crasher(
        "146076",
        "the cache of a subclass of ZoneInfo, deleted",
        (CHECK,),
        _NO_CLASS,
        """
        class Zone(zoneinfo.ZoneInfo):
            pass
        return message("x")
        """,
    ),
    Crasher(
        "145883",
        "ZoneInfo from a broken file",
        (CHECK,),
        _NOT_OFFERED,
        """
        return message(str(zoneinfo.ZoneInfo.from_file(b"")))
        """,
    ),
    *(
        Crasher(
            issue, "a decimal context", (CHECK,), "contexts are withheld", "return message(str(decimal.getcontext()))"
        )
        for issue in ("148382", "106263", "156806", "122081")
    ),
    Crasher(
        "decimal",
        "the largest and the odd decimals",
        (RUN, HARMLESS),
        "libmpdec raises",
        """
        odd = [decimal.Decimal("1E+999999"), decimal.Decimal("-sNaN"), decimal.Decimal((1, (9,) * 99, -10))]
        done = [attempt(lambda: f"{one:.300f}"[:3]) for one in odd] + [attempt(lambda: one.exp()) for one in odd]
        return message(str(len(done)))
        """,
    ),
    Crasher(
        "142451",
        "a copy of hmac and its name",
        (RUN, HARMLESS),
        "not in this place before CPython 3.15",
        """
        made = hmac.new(b"key", b"m", hashlib.sha256)
        return message(str([made.copy().name, made.copy().block_size]))
        """,
    ),
    Crasher(
        "152851",
        "many copies of blake2",
        (HARMLESS,),
        "the memory is enough, or the run ends",
        """
        made = hashlib.blake2b(b"x")
        return message(str(len([made.copy() for n in range(5000)])))
        """,
    ),
    Crasher(
        "79103",
        "hashlib with lengths that are too large",
        (RUN,),
        "hashlib refuses them",
        """
        return message(hashlib.blake2b(b"x", digest_size=int("9" * 30)).hexdigest())
        """,
    ),
)
