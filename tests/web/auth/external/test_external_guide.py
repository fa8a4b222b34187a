"""docs/external-authentication.md, tested: its samples run against the real code, and its table knows every code."""

import json
import re
import shlex
import shutil
import subprocess
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.support import ROOT
from tests.support.jwt_signing import claims, header, token
from tests.support.vendors import reply
from web.auth.external import ExternalLoginRefused, by_assertion, by_introspection, by_password
from web.auth.external.codes import CODES, meaning_of
from web.console.settings.external.forms import PasswordForm

PAGE = (ROOT / "docs" / "external-authentication.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


CLAIMS, INTROSPECTED, SETTINGS, SENT, ANSWERED = (json.loads(block) for block in blocks("json"))


@pytest.fixture
def organizer(tmp_path, monkeypatch):
    """The organizer's program: the page's Python, with a key made as the page says."""
    command = next(block for block in blocks("sh") if block.startswith("openssl")).split()
    if shutil.which("openssl"):
        subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    else:
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / "private-key.pem").write_bytes(pem)
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in blocks("python"):
        exec(compile(block, "external-authentication.md", "exec"), names)
    return names


MEMBER = {"id": "member-17", "first_name": "Ada", "last_name": "Lovelace"}


def test_the_sample_signs_what_we_take_with_the_keys_pasted(app_context, signed, organizer):
    signed(keys=json.loads(organizer["key_set"]()))
    person = by_assertion("demo", organizer["login_assertion"](MEMBER))
    assert (person.subject, person.profile.first_name, person.profile.last_name) == ("member-17", "Ada", "Lovelace")


def test_the_sample_works_with_the_keys_published_and_through_the_page(browser, signed, organizer, start_vendor):
    published = start_vendor(reply(organizer["key_set"]()))
    signed(keys={}, jwks_url=published.url + "/jwks.json", login_url="https://members.example.org/login")
    away = browser.get("/ext/demo/login").headers["Location"]
    nonce = re.search(r"nonce=([^&]+)", away)[1]
    posted = browser.post("/ext/demo/jwt", data={"assertion": organizer["login_assertion"](MEMBER, nonce)})
    assert browser.get(posted.headers["Location"]).headers["Location"] == "/login/demo"


def test_the_claims_of_the_page_are_good_claims_but_for_their_time(read_only_app):
    now = claims()
    told = CLAIMS | {name: now[name] for name in ("iat", "exp")}
    person = by_assertion("demo", token(body=told))
    assert (person.profile.user_type, person.profile.badge_id) == ("attendee", "B-4711")
    assert CLAIMS["exp"] - CLAIMS["iat"] <= 120


def test_the_answer_of_an_introspection_is_a_good_one(app_context, save_external, start_vendor):
    server = start_vendor(reply(INTROSPECTED))
    save_external("introspection", {"url": server.url, "client_id": "app", "audience": "event-app"}, "secret")
    assert by_introspection("demo", "a-token").subject == "member-17"


def test_the_settings_request_and_answer_of_the_relay_fit_together(app_context, save_external, start_vendor):
    vendor = start_vendor(reply(ANSWERED))
    save_external("password", SETTINGS | {"url": vendor.url}, "the-api-key")
    person = by_password("demo", SENT["badge"], SENT["lastName"], "198.51.100.7")
    assert (person.subject, person.profile.badge_id, person.profile.user_type) == ("4711", "B-4711", "Attendee")
    assert person.profile.username == "B-4711"  # what grants by username match
    assert json.loads(vendor.requests[0].body) == SENT
    assert vendor.requests[0].headers["x-api-key"] == "the-api-key"
    for change, text in (({"type": "exhibitor"}, "excluded_text"), ({"appOptOut": True}, "opted_out_text")):
        vendor.answer = reply({**ANSWERED, "registrant": ANSWERED["registrant"] | change})
        with pytest.raises(ExternalLoginRefused) as outcome:
            by_password("demo", "B-4711", "Lovelace", "198.51.100.7")
        assert outcome.value.text == SETTINGS[text]


def test_the_table_of_the_relay_has_the_fields_of_the_form_as_they_are_labelled():
    table = PAGE.partition("| field | example |")[2].partition("The same settings")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:3]] for line in table.splitlines() if line.startswith("| ")]
    form = {name: str(made.args[0]) for name, made in vars(PasswordForm).items() if hasattr(made, "args") and made.args}
    assert sorted(label for label, _ in rows) == sorted(form.values())
    examples = dict(rows)
    assert examples["Username"] == f"`{SETTINGS['result']['username']}`"
    assert examples["Subject"] == f"`{SETTINGS['result']['subject']}`"


def curl(browser, grant, **values):
    """Send what the page's curl for this grant sends, with these values."""
    command = next(block for block in blocks("sh") if f"grant-type:{grant}" in block)
    words = shlex.split(command.replace("\\\n", " "))
    fields = dict(word.split("=", 1) for flag, word in pairwise(words) if flag in {"-d", "--data-urlencode"})
    assert values.keys() <= fields.keys()
    return browser.post(urlsplit(words[1]).path, data=fields | values).get_json()


def test_the_curls_of_the_page_get_tokens(browser, signed, save_external, start_vendor):
    signed()
    assert curl(browser, "jwt-bearer", assertion=token())["access_token"]
    save_external("password", SETTINGS | {"url": start_vendor(reply(ANSWERED)).url}, "the-api-key")
    assert curl(browser, "password")["access_token"]
    save_external(
        "introspection",
        {
            "url": start_vendor(reply(INTROSPECTED | {"sub": "member-18"})).url,
            "client_id": "app",
            "audience": "event-app",
        },
        "secret",
    )
    assert curl(browser, "token-exchange", subject_token="a-token").get("access_token")
    assert curl(browser, "jwt-bearer", assertion=token())["error"] == "unauthorized_client"


def test_the_texts_which_the_page_quotes_are_those_which_people_read():
    sources = "".join(path.read_text() for path in (ROOT / "web" / "auth" / "external").glob("*.py"))
    for quoted in re.findall(r"\*(The registration system [^*]+?)\*", PAGE):
        assert f'"{quoted}"' in sources
    assert "do not match a registration. Please check both and try again." in sources


def test_every_code_is_explained():
    explained = set(re.findall(r"`([^`]+)`", PAGE.partition("## 4.")[2].partition("## 5.")[0]))
    raised = set()
    for path in (ROOT / "web" / "auth" / "external").glob("*.py"):
        for call in re.finditer(
            r"(?:Refused|Wrong|Barred|away|broken|too_often|not_offered|Refusal)\((?:relay, |implementation, )?f?\"([^\"{]+)",
            path.read_text(),
        ):
            raised.add(call[1].strip())
    assert len(raised) > 30
    missing = {code for code in raised if code not in explained and not code.startswith(("header", "time"))}
    assert missing <= {"relay"}


def test_what_the_console_explains_are_the_codes_of_the_page():
    table = PAGE.partition("## 4.")[2].partition("## 5.")[0]
    cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    codes = {code.replace("…", "vendor") for cell in cells for code in re.findall(r"`([^`]+)`", cell)}
    assert {code for code in codes if not meaning_of(code)} == set()
    prefixes = {"header", "vendor", "introspection"}
    assert CODES.keys() - prefixes - codes == set()


def test_headers_which_the_page_refuses_are_refused(read_only_app):
    for name in re.search(r"`jwk`, `jku`, `x5u`, `x5c` and `crit`", PAGE)[0].replace(" and", ",").split(", "):
        with pytest.raises(ExternalLoginRefused):
            by_assertion("demo", token(header(**{name.strip("`"): "x"})))
