"""Properties of the language layer over generated texts and values."""

from __future__ import annotations

import keyword
import urllib.parse

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.language import compile_source, execute
from sandbox.language.run.values.messages import with_query

COMMON = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow], derandomize=True)

FRAGMENTS = st.sampled_from(
    [
        "def status(user, session, api):\n", "    return message(", ")", "\n", "    ", "import ", "json", " as ", "from ",
        "'", '"""', "f'", "{", "}", "[", "]", "(", "lambda ", ":", "=", "+=", "**", "*", "x", "_x", ".format", ".a",
        "class A", "try:", "except", " finally:", "\\", "\r", "\0", "\ud800", "\u202e", "\u200d", "\uff45", "#", "@",
        "yield ", "await ", "1", "1j", "9" * 30, " if ", " else ", " for ", " in ", "async ", "match x:", "case _:", ";",
        "\t", "\x0c", "\ufeff", "d['n'] += 1", "global ", "del ", "->", ":=", "...", "0777", "'%s' % ", "\u00e9", "`",
    ]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(),
    st.text(alphabet=st.characters()),
    st.lists(FRAGMENTS, max_size=30).map("".join),
    st.text(alphabet="([{-~\n "),
)


@COMMON
@given(TEXTS)
def test_any_text_gives_findings_within_the_text_and_never_an_error(source):
    compilation = compile_source(source)
    lines = source.split("\n")
    assert compilation.code is not None or compilation.findings
    for finding in compilation.findings:
        assert 1 <= finding.line <= len(lines)
        assert 1 <= finding.column <= len(lines[finding.line - 1]) + 1
        assert finding.what
        assert finding.why
        assert finding.instead


def run_text(steps: str, expression: str) -> str:
    code = compile_source(f"def status(user, session, api):\n{steps}    return message(str({expression}))\n")
    assert code.code is not None, code.findings
    answer = execute(code.code, {"now": "2026-01-01T00:00:00Z"}, lambda what, arguments: {})
    assert answer is not None
    return answer["text"] or ""


LITERAL = st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=6).map(
    lambda text: text.replace("{", "{{").replace("}", "}}")
)
FIELD = st.sampled_from(["{}", "{!r}", "{:>8}", "{!s:^6}", "{:{}}"])
NAMED_FIELD = st.sampled_from(["{a}", "{b!r}", "{a:>4}", "{0}", "{1:>6}", "{0:>{c}}"])
VALUES = st.one_of(st.integers(0, 30), st.text(alphabet="abc{}", max_size=4))


@COMMON
@given(st.lists(st.tuples(LITERAL, NAMED_FIELD), max_size=4), VALUES, VALUES, VALUES, VALUES)
def test_format_on_a_literal_with_names_equals_python(parts, first, second, a, b):
    template = "".join(text + field for text, field in parts)
    arguments = f"{first!r}, {second!r}, a={a!r}, b={b!r}, c=7"
    expected = template.format(first, second, a=a, b=b, c=7)
    assert run_text("", f"{template!r}.format({arguments})") == expected


@COMMON
@given(st.lists(st.tuples(LITERAL, FIELD), max_size=4), st.lists(st.integers(0, 30), min_size=8, max_size=8))
def test_format_on_a_literal_with_automatic_fields_equals_python(parts, values):
    template = "".join(text + field for text, field in parts)
    assert run_text("", f"{template!r}.format({', '.join(map(repr, values))})") == template.format(*values)


NAMES = st.text(alphabet="abcdefgh_", min_size=1, max_size=8).filter(lambda name: not keyword.iskeyword(name))


@COMMON
@given(
    st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=3),
    st.dictionaries(NAMES, st.one_of(st.text(), st.integers(), st.lists(st.text(), max_size=3)), max_size=4),
    st.sampled_from(["", "#top", "#a?b"]),
)
def test_with_query_keeps_what_is_there_and_adds_what_is_given(existing, added, fragment):
    def encodable(text: str) -> bool:
        return not any(0xD800 <= ord(character) <= 0xDFFF for character in text)

    query = urllib.parse.urlencode([pair for pair in existing if all(map(encodable, pair))])
    url = "https://example.org/claim" + ("?" + query if query else "") + fragment
    result = with_query(url, **added)
    before, after = urllib.parse.urlsplit(url), urllib.parse.urlsplit(result)
    wanted = urllib.parse.parse_qsl(before.query, keep_blank_values=True)
    for name, value in added.items():
        wanted += [(name, str(item)) for item in (value if isinstance(value, list) else [value])]
    assert urllib.parse.parse_qsl(after.query, keep_blank_values=True) == wanted
    assert (after.scheme, after.netloc, after.path, after.fragment) == (
        before.scheme,
        before.netloc,
        before.path,
        before.fragment,
    )
    assert result.isascii()
    assert " " not in result


OPERATORS = st.sampled_from(["+=", "-=", "*=", "//=", "%=", "|=", "&=", "^=", ">>="])
STEPS = """
    log = []
    def see(name, value):
        log.append(name)
        return value
    def change():
        log.append("value")
        data["k"] = 100
        return {right}
    data = {{"k": {left}}}
    outcome = ""
    try:
        see("container", data)[see("key", {key!r})] {operator} change()
    except Exception as error:
        outcome = repr(error)
"""


@COMMON
@given(OPERATORS, st.integers(0, 50), st.integers(0, 9), st.sampled_from(["k", "absent"]))
def test_augmented_item_assignment_equals_python(operator, left, right, key):
    steps = STEPS.format(operator=operator, left=left, right=right, key=key)
    names: dict[str, object] = {}
    exec("def plain():\n" + steps + "    return str([data, log, outcome])", names)
    assert run_text(steps, "[data, log, outcome]") == names["plain"]()  # type: ignore[operator]


@COMMON
@given(st.lists(st.integers(-99, 99), max_size=6), st.integers(-7, 7), st.integers(-7, 7))
def test_augmented_slice_assignment_equals_python(values, start, stop):
    plain = list(values)
    plain[start:stop] += [0]
    assert run_text(f"    x = {values!r}\n    x[{start}:{stop}] += [0]\n", "x") == str(plain)
