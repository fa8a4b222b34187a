"""The reader of badge codes on the phone says the same as that of the server: for real shapes, for odd ones, and for any bytes."""

import base64
import json
import random
from pathlib import Path

import pytest

from records.attendance.badge_formats.badge_format import BadgeFormat, Pick, ScannedTestBadge
from records.attendance.badge_formats.code_text import CodeText, ForeignCode
from records.attendance.badge_formats.parts import KINDS
from records.attendance.badge_formats.proposals import propose
from records.attendance.badge_formats.stored_format import as_json

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[3]
READER = ROOT / "web" / "static" / "scanner" / "badge_format.mjs"
SHAPES = json.loads((ROOT / "tests/records/attendance/badge_formats/shapes.json").read_text("utf-8"))
PATTERN = r"^(?<badge_id>[A-Z0-9\-]{1,6})\s?[;:](?<last_name>[^/\d]*)/(?<first_name>.*)$"
OPTIONS = {
    "delimited": {"separator": "|", "quotes": "yes"},
    "pairs": {"separator": ";", "between": "="},
    "pattern": {"pattern": PATTERN},
}
PICKED = {
    "vcard": ("UID", "N/1", "N/2"), "mecard": ("UID", "N/1", "N/2"), "json": ("/id", "/ln", "/n/0"),
    "xml": ("/a/@id", "/a/b[2]", "/a/b"), "url": ("query/id", "path/1", "fragment"), "pairs": ("ID", "LN", "FN"),
    "pattern": ("badge_id", "last_name", "first_name"),
}  # fmt: skip
#: Texts around the edges of the rules.
ODD = [
    *("", " ", "\0", "\x1c1\x1c", "1\u0085", "\ufeff1", "e\u0301", "1\u200b2", "1\u202e2", "a\x072", "\U0001d7d8", "x" * 101, "é" * 2048),
    *("10|Chen|Alice", '"10"|"a ""b"" c"|x', '"10"x|a', "10||", "|||", "10|" + "x" * 300 + "|\U0001f600" * 300, "10|\x1fA\tB|C\u2028D"),
    *("ID=1;LN==;FN", "=1;ID=2;ID=3", ";;;", "ID = 1 ; LN = a"),
    *("BEGIN:VCARD\nUID:1", "begin:vcard\r\nitem1.UID;x=y:1\r\n 2\r\nN:A\\;B;C\\nD", "BEGIN:VCARD\nN;QUOTED-PRINTABLE:=C3=A9;=\n=41\nUID:1"),
    *("BEGIN:VCARD\nUID;CHARSET=latin1;ENCODING=QUOTED-PRINTABLE:=E9", "BEGIN:VCARD\nUID;CHARSET=idna;ENCODING=QUOTED-PRINTABLE:x"),
    *("BEGIN:VCARD\nUID;ENCODING=QUOTED-PRINTABLE:=FF", "BEGIN:VCARDUID:1", "BEGIN:VCARD\rUID:1\rN:a;b"),
    *("MECARD:UID:1;N:A\\,B,C;;", "mecard:uid:1;n:A", "MECARD:UID:\\", "MECARD:N:a,b,c;UID:2"),
    *('{"id":1}', '{"id":01}', '{"id":-1.50E+3}', '{"id":"1","id":"2"}', '{"id":true}', '{"id":NaN}', '{"id":"\\ud83d","ln":"\\ud83d"}'),
    *('{"id":"1","\\ud83d":"2","ln":"\\ud83dx"}', '{"\\ud83d":{"id":"1"},"\\udc00":{"id":"2"}}', '{"id\\ud83d":"3","id":"1"}'),
    *('{"id":"a\\"1b","n":[2]}', '{"id":"1" }\n', '{"id":9007199254740993}', "[" * 17 + "]" * 17, '{"__proto__":{"id":"1"}}', "{}", "[1]"),
    *("<a id='1'><b>x</b><b> y </b></a>", "<a id='1' xmlns:c='u'><c:b>x</c:b><b>y</b></a>", "<a id='&amp;1'/>", "<a id='1'/><b/>"),
    *("<a id='1'><!-- x -->t</a>", "<a id='1'><![CDATA[x]]></a>", "<a id=1/>", "<c:a id='1'/>", "<a id='1'>" + "<b>" * 20 + "</b>" * 20 + "</a>"),
    *("https://u:p@Host.example:80/x%2Fy/z?id=1+%2B&id=2&q#f%20g", "HTTPS://h/?id", "https:///x?id=1", "https://h/?id=%ff%zz", "ftp://h/?id=1"),
    *("https://h/a b?id=1", "https://h?id=1", "https://h/%e4%b8%ad?id=%E4%B8%AD#%"),
    *("A-1;Chen/Alice", "A-1 : Chen/", "A1:7/x", "toolong-1;a/b", "A\n;a/b", "A;\u00e9\U0001f600/\u2028", "TEST-BADGE-1\r\n"),
]  # fmt: skip

ASK = """async ([source, questions]) => {
  const { read, ScannedTestBadge } = await import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
  return questions.map(([format, text, bytes]) => {
    try {
      const payload = bytes === null ? text : Uint8Array.from(atob(bytes), (each) => each.charCodeAt(0));
      const badge = read(format, payload);
      return [badge.badge_id, badge.last_name, badge.first_name];
    } catch (error) {
      return error instanceof ScannedTestBadge ? "test badge" : error.constructor.name === "ForeignCode" ? "foreign" : String(error);
    }
  });
}"""


def answer(badge_format, payload):
    try:
        badge = badge_format.read(payload)
    except ScannedTestBadge:
        return "test badge"
    except ForeignCode:
        return "foreign"
    return [badge.badge_id, badge.last_name, badge.first_name]


@pytest.fixture(scope="module")
def page(chromium):
    page = chromium.new_page()
    page.goto("about:blank")
    yield page
    page.close()


def differences(page, questions):
    """Ask both readers; return where they differ."""
    sent = [
        [as_json(each), *((payload, None) if isinstance(payload, str) else (None, base64.b64encode(payload).decode()))]
        for each, payload in questions
    ]
    said = page.evaluate(ASK, [READER.read_text("utf-8"), sent])
    pairs = zip(questions, said, strict=True)
    return [
        (each, payload, answer(each, payload), told) for (each, payload), told in pairs if answer(each, payload) != told
    ]


def formats_of_every_kind():
    for kind in KINDS:
        picks = [Pick(each) for each in PICKED.get(kind, ("1", "2", "3"))]
        for text in (CodeText(), CodeText("windows-1252"), CodeText("shift_jis")):
            yield BadgeFormat(kind, *picks, text=text, options=OPTIONS.get(kind, {}))
    yield BadgeFormat("bare", Pick("1"), text=CodeText(prefix="A", suffix="$", base64=True), id_characters="digits")
    yield BadgeFormat("delimited", Pick("1", prefix="1", suffix="0"), Pick("2", "last word"), Pick("2", "all but the last word"),
                      options={"separator": "|"}, parts=(2, 3), fixed={"3": "ALICE"})  # fmt: skip


def test_real_badges_are_read_alike(page):
    questions = []
    for shape in SHAPES:
        payloads = [
            base64.b64decode(each["base64"]) if isinstance(each, dict) else each.encode() for each in shape["payloads"]
        ]
        for proposal in propose(payloads[:2]):
            questions += [(proposal.format, each) for each in payloads]
            questions += [(proposal.format, each) for each in shape["foreign"]]
    assert len(questions) > 250
    assert differences(page, questions) == []


def test_odd_codes_are_read_alike(page):
    formats = list(formats_of_every_kind())
    questions = [(each, odd) for each in formats for odd in ODD]
    questions += [(each, odd.encode("utf-8", "surrogatepass")) for each in formats for odd in ODD]
    assert differences(page, questions) == []


def test_damaged_codes_are_read_alike(page):
    chance = random.Random(7)
    formats = list(formats_of_every_kind())
    questions = []
    for _ in range(4000):
        payload = bytearray(chance.choice(ODD).encode())
        for _ in range(chance.randrange(3)):
            payload.insert(chance.randrange(len(payload) + 1), chance.choice(b'|;:=\\"\n\0\xff\xe9\x81{[<%&/ 1aA'))
        questions.append((chance.choice(formats), bytes(payload)))
    assert differences(page, questions) == []
