"""Hostile scripts that no file should hold: made by machine, because of their size or because of what is in them."""

from __future__ import annotations

from collections.abc import Iterator

from tests.attacks.hostile_scripts.corpus import Attack

_END = "\n    return message('x')\n"


def _status(body: str) -> str:
    return f"def status(user, session, api):\n    {body}{_END}"


def _refused(name: str, *rules: str, source: str) -> Attack:
    return Attack(f"text_{name}", source, rules=rules)


def _returned(name: str, source: str, text: str) -> Attack:
    return Attack(f"text_{name}", source, ends=(f"returned {text}",))


def _texts() -> Iterator[Attack]:
    """What a file can hold beside letters."""
    plain = _status("pass")
    yield _refused("byte_order_mark", "byte-order-mark", source="\ufeff" + plain)
    yield _refused("nul", "control-character", source=plain + "\0")
    yield _refused("nul_in_comment", "control-character", source="# a\0b\n" + plain)
    yield _refused("form_feed_hides_indent", "control-character", source=plain.replace("    pass", "\f    pass"))
    yield _refused("vertical_tab", "control-character", source=plain.replace("pass", "pass\v"))
    yield _refused("lone_return_hides_line", "lone-return", source="# harmless\rimport os\n" + plain)
    yield _refused("lone_return_in_string", "lone-return", source=_status("x = '''a\rb'''"))
    yield _refused("escape_in_comment", "control-character", source="# \x1b[2J\x1b]0;x\x07\n" + plain)
    yield _refused("backspaces_hide_code", "control-character", source=_status("x = 1 # \b\b\b\b"))
    yield _refused("next_line", "control-character", source="# a\x85import os\n" + plain)
    yield _refused("line_separator", "invisible-character", source="# a\u2028import os\n" + plain)
    yield _refused("bidi_in_string", "invisible-character", source=_status("x = 'a\u202eb'"))
    yield _refused("isolate_in_comment", "invisible-character", source="# a\u2066b\n" + plain)
    yield _refused("tags_in_string", "invisible-character", source=_status("x = '\U000e0041'"))
    yield _refused("zero_width_in_string", "invisible-character", source=_status("x = 'a\u200bb'"))
    yield _refused("hangul_filler_name", "invisible-character", source=_status("\u3164 = 1"))
    yield _refused("joiner_between_ascii", "joiner", source=_status("x = 'a\u200db'"))
    yield _refused("joiner_in_name", "joiner", source=_status("\u0915\u200d\u0937 = 1"))
    yield _refused("surrogate", "source-not-text", source=_status("x = '\ud800'"))
    yield _refused("coding_cookie", "coding", source="# -*- coding: utf-7 -*-\n" + plain)
    yield _refused(
        "coding_second_line", "coding", source="#!/usr/bin/python\n# vim: set fileencoding=rot13 :\n" + plain
    )
    yield _refused("no_break_space", "python-syntax", source=plain.replace("    pass", "\u00a0   pass"))
    yield _refused(
        "mathematical_letters", "ascii-name", source=_status("x = \U0001d42e\U0001d42c\U0001d41e\U0001d42b.id")
    )
    yield _refused("ligature_folds", "ascii-name", source=_status("x = \ufb01nd"))
    yield _refused(
        "tabs_and_spaces", "python-syntax", source="def status(user, session, api):\n\tif user:\n        pass\n"
    )
    yield _refused("empty", "no-status", source="")
    yield _refused("only_comment", "no-status", source="# nothing")
    yield _refused("backslashes", "python-syntax", source="\\\n" * 15_000)
    yield _refused("unclosed_string", "python-syntax", source=plain + "'''" + "a\n" * 9_000)
    yield _refused("too_long", "too-long", source=plain + "#" * 33_000)
    yield _refused("far_too_long", "source-too-long", source=plain + "#" * 2_000_000)
    yield _returned("crlf", plain.replace("\n", "\r\n"), "x")
    yield _returned("no_last_newline", plain.rstrip(), "x")
    yield _returned("named_escape", _status("api.log('\\N{SNOWMAN}')"), "x")
    yield _returned("joined_letters", _status("api.log('\u0915\u094d\u200d\u0937 \U0001f468\u200d\U0001f4bb')"), "x")


def _sizes() -> Iterator[Attack]:
    """What makes compilers and reviews slow, deep or large."""
    for opening, closing in (
        ("(", ")"),
        ("[", "]"),
        ("{0:", "}"),
        ("a[", "]"),
        ("-", ""),
        ("not ", ""),
        ("lambda: ", ""),
    ):
        name = f"deep_{ord(opening[0]):x}"
        source = _status(f"v = {opening * 2_000}1{closing * 2_000}")
        yield Attack(name, source, rules=("python-syntax",), or_rules=("too-complex",))
    yield Attack("deep_if", "\n".join(" " * depth + "if 1:" for depth in range(99)), rules=("python-syntax",))
    yield Attack(
        "deep_loops",
        _status("\n    ".join(" " * n + "for x in []:" for n in range(25)) + " pass"),
        rules=("python-syntax",),
    )
    yield Attack(
        "deep_fstring", _status("v = " + 'f"{' * 9 + "1" + '}"' * 9), rules=("python-syntax",), ends=("returned x",)
    )
    yield Attack("long_sum", _status("v = " + "+".join(["1"] * 9_000)), rules=("too-complex",))
    yield Attack("long_compare", _status("v = " + " < ".join(["1"] * 4_000)), ends=("returned x",))
    yield Attack("long_elif", _status("if 0: pass\n" + "\n".join(["    elif 0: pass"] * 1_500)), rules=("too-complex",))
    yield Attack("many_parts", _status("v = [" + "1," * 15_000 + "]"), ends=("returned x",))
    yield Attack("many_names", _status("; ".join(f"a{n} = 1" for n in range(2_400))), ends=("returned x",))
    yield Attack(
        "many_functions",
        "\n".join(f"def f{n}(): pass" for n in range(1_500)) + "\n" + _status("pass"),
        ends=("returned x",),
    )
    yield Attack(
        "many_imports", "\n".join(f"import m{n}" for n in range(2_400)) + "\n" + _status("pass"), rules=("import",)
    )
    yield Attack("many_steps", "f(1)\n" * 3_000, rules=("module-steps",))
    yield Attack("many_decorators", "@a\n" * 9_000 + _status("pass"), rules=("decorator",))
    yield Attack("fold_text", _status("v = " + "(" * 9 + "'a' * 4000" + ") * 4000" * 9), ends=("out of memory",))
    yield Attack("fold_tuple", _status("v = " + "(1,)" + " * 255" * 6), ends=("out of memory",))
    yield Attack("fold_number", _status("v = " + "*".join(["999999999999999999"] * 40)), ends=("returned x",))
    yield Attack("large_number", _status("v = " + "9" * 4_000), rules=("large-number",))
    yield Attack("large_number_hex", _status("v = 0x" + "f" * 9_000), rules=("large-number",))
    yield Attack("larger_number", _status("v = " + "9" * 5_000), rules=("python-syntax",))
    yield Attack("long_string", _status("v = '" + "a" * 9_000 + "'"), rules=("long-string",))
    yield Attack("many_finally", _status("try: pass\n    finally:\n        " + "x = 1"), ends=("returned x",))
    similar = [f"{'a' * 60}{'ab' * (n % 4)}{n} = 1" for n in range(300)]
    unknown = [f"b{'a' * 60}{n}x" for n in range(30)]
    yield Attack("similar_names", _status("\n    ".join([*similar, *unknown])), rules=("unknown-name",))
    similar = ", ".join(f"lo{'g' * 5}{n}" for n in range(2_000))
    yield Attack("similar_members", f"from math import {similar}\n" + _status("pass"), rules=("import-name",))
    yield Attack("bomb_in_warning", _status("v = '\\d' is 1 is 2 is 3"), ends=("returned x",))


def _honest() -> Iterator[Attack]:
    table = "\n    ".join(f"if user.id == '{n}': return message('Row {n}')" for n in range(600))
    yield Attack("honest_many_messages", _status(table), ends=("returned x",))
    calls = "\n    ".join(f"x = message('Row {n}')" for n in range(1_100))
    yield Attack("honest_more_messages", _status(calls), ends=("returned x",))


def attacks() -> Iterator[Attack]:
    """All of them."""
    yield from _texts()
    yield from _sizes()
    yield from _honest()
