"""Assertions that must be refused, and assertions that must work, with the real settings, store and database."""

import base64
import json
import threading
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from runner.logins import LoginStore, StoreAway
from runner.store.clients import connect_brief
from tests.support.jwt_signing import (
    AUDIENCE,
    EC,
    ED,
    ISSUER,
    OTHER_EC,
    RSA,
    SHARED,
    b64,
    claims,
    header,
    jwk,
    signature,
    token,
)
from web.auth.external import ExternalLoginRefused, by_assertion, refusals

DEEP = ("[" * 900 + "]" * 900).encode()


def now():
    """Unix seconds of the moment; a run of all tests may take longer than a token lives."""
    return int(time.time())


def body(text):
    """Claims as text, to write what no JSON library would."""
    return json.dumps(claims()).replace('"iss"', f'{text}, "iss"', 1).encode()


def pem(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def mixed():
    """The signature of one token under the payload of another."""
    first, second = token(), token(body=claims(sub="root"))
    return ".".join((*second.split(".")[:2], first.split(".")[2]))


def der():
    signed = f"{b64(json.dumps(header()).encode())}.{b64(json.dumps(claims()).encode())}"
    from cryptography.hazmat.primitives import hashes

    return f"{signed}.{b64(EC.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))}"


def with_signature(raw):
    return f"{token().rpartition('.')[0]}.{b64(raw)}"


def loose_bits():
    """The same bytes in another writing: the last character's spare bits."""
    whole, _, last = token().rpartition(".")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return f"{whole}.{last[:-1]}{letters[letters.index(last[-1]) + 1]}"


FORGED = {
    # algorithm
    "alg none without a signature": lambda: token(header(alg="none")).rpartition(".")[0] + ".",
    "alg none with a signature": lambda: token(header(alg="none")),
    "alg NONE": lambda: token(header(alg="NONE")),
    "alg empty": lambda: token(header(alg="")),
    "alg missing": lambda: token(header(alg=None)),
    "alg a list": lambda: token(header(alg=["ES256"])),
    "alg es256": lambda: token(header(alg="es256")),
    "HS256 with the public key in PEM": lambda: token(header(alg="HS256"), key=pem(EC)),
    "HS256 with the public key as JWK": lambda: token(header(alg="HS256"), key=json.dumps(jwk(EC)).encode()),
    "HS256 with an empty key": lambda: token(header(alg="HS256"), key=b""),
    "HS256 by an HMAC, said to be ES256": lambda: token(key=pem(EC)),
    "RS256": lambda: token(header(alg="RS256"), key=RSA),
    "RS256 by RSA, said to be ES256": lambda: token(key=RSA),
    "EdDSA": lambda: token(header(alg="EdDSA"), key=ED),
    "PS256": lambda: token(header(alg="PS256"), key=RSA),
    "ES384": lambda: token(header(alg="ES384")),
    "ES256K": lambda: token(header(alg="ES256K")),
    # keys which the message brings
    "jwk in the header": lambda: token(header(jwk=jwk(OTHER_EC)), key=OTHER_EC),
    "jwk of the right key in the header": lambda: token(header(jwk=jwk(EC))),
    "jku": lambda: token(header(jku="https://evil.example/jwks.json"), key=OTHER_EC),
    "x5u": lambda: token(header(x5u="https://evil.example/cert.pem")),
    "x5c": lambda: token(header(x5c=["MIIB"])),
    "crit": lambda: token(header(crit=["exp"], exp=1)),
    "crit empty": lambda: token(header(crit=[])),
    "b64 false": lambda: token(header(b64=False, crit=["b64"])),
    "zip": lambda: token(header(zip="DEF")),
    "another key under the same kid": lambda: token(key=OTHER_EC),
    "kid of a file": lambda: token(header(kid="../../../../dev/null"), key=b""),
    "kid with SQL": lambda: token(header(kid="k1' UNION SELECT 'x")),
    "kid of a URL": lambda: token(header(kid="https://evil.example/k1")),
    "kid a number": lambda: token(header(kid=1)),
    "kid a list": lambda: token(header(kid=["k1"])),
    "kid an object": lambda: token(header(kid={"kid": "k1"})),
    "kid empty": lambda: token(header(kid="")),
    "kid very long": lambda: token(header(kid="k" * 1000)),
    "kid of nobody": lambda: token(header(kid="k2")),
    # header
    "typ missing": lambda: token(header(typ=None)),
    "typ of an access token": lambda: token(header(typ="at+jwt")),
    "typ a number": lambda: token(header(typ=7)),
    "cty of a nested JWT": lambda: token(header(cty="JWT"), token().encode()),
    "a nested JWT": lambda: token(body=token().encode()),
    "header twice alg": lambda: token(b'{"alg":"none","alg":"ES256","kid":"k1","typ":"JWT"}'),
    "header twice alg, the other way": lambda: token(b'{"alg":"ES256","kid":"k1","typ":"JWT","alg":"none"}'),
    "header a list": lambda: token(b'["ES256"]'),
    "header deep": lambda: token(DEEP),
    "header not UTF-8": lambda: token(b'{"alg":"ES256\xff"}'),
    "header UTF-16": lambda: token(json.dumps(header()).encode("utf-16")),
    "header with a byte order mark": lambda: token(b"\xef\xbb\xbf" + json.dumps(header()).encode()),
    # form
    "empty": lambda: "",
    "two parts": lambda: token().rpartition(".")[0],
    "four parts": lambda: token() + ".AAAA",
    "five parts, a JWE": lambda: "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.OKOa.48V1.5eym.XFBo",
    "JSON serialization": lambda: json.dumps({"payload": "e30", "signatures": [{"signature": "AA"}]}),
    "padding": lambda: token() + "=",
    "line break at the end": lambda: token() + "\n",
    "blank before": lambda: " " + token(),
    "line break inside": lambda: token().replace(".", ".\n", 1),
    "Bearer before": lambda: "Bearer " + token(),
    "plus and slash": lambda: token().replace("_", "/").replace("-", "+") + "+",
    "not ASCII": lambda: "é" + token()[1:],
    "full-width": lambda: token().replace("e", "\uff45", 1),
    "NUL": lambda: token() + "\0",
    "too long": lambda: token(body=claims(filler="x" * 4000)),
    "a megabyte": lambda: "e30." * 250_000,
    "loose bits": loose_bits,
    # signature
    "signature empty": lambda: token().rpartition(".")[0] + ".",
    "signature of zeros": lambda: with_signature(bytes(64)),
    "signature r of the order": lambda: with_signature(
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551.to_bytes(32, "big") + b"\1" * 32
    ),
    "signature short": lambda: with_signature(bytes(63)),
    "signature long": lambda: with_signature(bytes(65)),
    "signature as DER": der,
    "signature of another payload": mixed,
    # for whom
    "aud another implementation": lambda: token(body=claims(aud=AUDIENCE.replace("demo", "other"))),
    "aud a list": lambda: token(body=claims(aud=[AUDIENCE])),
    "aud a list of two": lambda: token(body=claims(aud=[AUDIENCE, "https://other.example"])),
    "aud missing": lambda: token(body=claims(aud=None)),
    "aud a beginning": lambda: token(body=claims(aud=AUDIENCE[:-1])),
    "aud a longer one": lambda: token(body=claims(aud=AUDIENCE + "/")),
    "aud in capitals": lambda: token(body=claims(aud=AUDIENCE.upper())),
    "aud another host": lambda: token(body=claims(aud="https://evil.example/ext/demo")),
    "aud twice": lambda: token(body=body(f'"aud": "{AUDIENCE}", "aud": "https://x.example"')),
    # from whom
    "iss missing": lambda: token(body=claims(iss=None)),
    "iss another": lambda: token(body=claims(iss="https://evil.example")),
    "iss a longer one": lambda: token(body=claims(iss=ISSUER + "/")),
    "iss a list": lambda: token(body=claims(iss=[ISSUER])),
    # who
    "sub missing": lambda: token(body=claims(sub=None)),
    "sub empty": lambda: token(body=claims(sub="")),
    "sub a number": lambda: token(body=claims(sub=17)),
    "sub true": lambda: token(body=claims(sub=True)),
    "sub a list": lambda: token(body=claims(sub=["member-17"])),
    "sub an object": lambda: token(body=claims(sub={"$ne": ""})),
    "sub too long": lambda: token(body=claims(sub="x" * 256)),
    "sub with a blank behind": lambda: token(body=claims(sub="member-17 ")),
    "sub with a line break": lambda: token(body=claims(sub="member\n17")),
    "sub with a zero-width": lambda: token(body=claims(sub="member\u200b-17")),
    "sub with a NUL": lambda: token(body=claims(sub="member-17\0")),
    "sub half a surrogate": lambda: token(body=body('"x": 1').replace(b"member-17", b"\\ud800")),
    "sub twice": lambda: token(body=body('"sub": "root"')),
    # when
    "expired": lambda: token(body=claims(iat=now() - 300, exp=now() - 200)),
    "just beyond the skew": lambda: token(body=claims(iat=int(time.time()) - 120, exp=int(time.time()) - 61)),
    "from the future": lambda: token(body=claims(iat=now() + 900, exp=now() + 960)),
    "not before later": lambda: token(body=claims(nbf=now() + 900)),
    "lives too long": lambda: token(body=claims(exp=int(time.time()) + 122)),
    "lives for ever": lambda: token(body=claims(exp=4_000_000_000)),
    "ends before it begins": lambda: token(body=claims(exp=int(time.time()) - 1)),
    "no exp": lambda: token(body=claims(exp=None)),
    "no iat": lambda: token(body=claims(iat=None)),
    "exp a float": lambda: token(body=claims(exp=time.time() + 60.5)),
    "exp a whole float": lambda: token(body=claims(exp=float(now() + 60))),
    "iat true": lambda: token(body=claims(iat=True, exp=now() + 60)),
    "exp a text": lambda: token(body=claims(exp=str(now() + 60))),
    "exp huge": lambda: token(body=body('"x": 1').replace(b'"exp": ', b'"exp": 9' + b"9" * 2000)),
    "exp infinite": lambda: token(body=claims(exp=float("inf"))),
    "exp 1e400": lambda: token(body=body('"x": 1').replace(b'"exp": 1', b'"exp": 1e400, "y": 1')),
    "exp NaN": lambda: token(body=claims(exp=float("nan"))),
    "iat negative": lambda: token(body=claims(iat=-1)),
    "nbf a text": lambda: token(body=claims(nbf="soon")),
    "nbf false": lambda: token(body=claims(nbf=False)),
    "exp twice": lambda: token(body=body(f'"exp": {now() + 60}, "exp": 4000000000')),
    # once
    "no jti": lambda: token(body=claims(jti=None)),
    "jti short": lambda: token(body=claims(jti="x" * 15)),
    "jti long": lambda: token(body=claims(jti="x" * 256)),
    "jti a number": lambda: token(body=claims(jti=12345678901234567890)),
    "jti with a line break": lambda: token(body=claims(jti="x" * 16 + "\n")),
    "nonce of a page": lambda: token(body=claims(nonce="n" * 43)),
    "nonce empty": lambda: token(body=claims(nonce="")),
    "nonce a list": lambda: token(body=claims(nonce=[])),
    # claims
    "claims a list": lambda: token(body=b"[]"),
    "claims null": lambda: token(body=b"null"),
    "claims empty": lambda: token(body=b"{}"),
    "claims deep": lambda: token(body=DEEP),
    "claims with NaN": lambda: token(body=claims(x=float("nan"))),
    "claims not UTF-8": lambda: token(body=b'{"iss":"\xff"}'),
    "claims cut off": lambda: token(body=json.dumps(claims()).encode()[:-1]),
    "claims and more": lambda: token(body=json.dumps(claims()).encode() + b"{}"),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_forged_assertion_lets_nobody_in(read_only_app, forged):
    with pytest.raises(ExternalLoginRefused) as outcome:
        by_assertion("demo", forged())
    assert (outcome.value.text, outcome.value.status) == (refusals.NEUTRAL, 401)


def test_the_door_which_they_were_tried_at_is_open(read_only_app):
    assert by_assertion("demo", token()).subject == "member-17"


GOOD = {
    "ES256": ({}, None, token),
    "with a type of its own": ({}, None, lambda: token(header(typ="CAT-login+jwt"))),
    "one key without a name": ({"keys": {"keys": [jwk(EC, kid=None)]}}, None, lambda: token(header(kid=None))),
    "EdDSA": (
        {"algorithm": "EdDSA", "keys": {"keys": [jwk(ED)]}}, None, lambda: token(header(alg="EdDSA"), key=ED),
    ),
    "EdDSA by its newer name": (
        {"algorithm": "EdDSA", "keys": {"keys": [jwk(ED)]}}, None, lambda: token(header(alg="Ed25519"), key=ED),
    ),
    "RS256": ({"algorithm": "RS256", "keys": {"keys": [jwk(RSA)]}}, None, lambda: token(header(alg="RS256"), key=RSA)),
    "HS256": (
        {"algorithm": "HS256", "keys": {}}, SHARED, lambda: token(header(alg="HS256", kid=None), key=SHARED),
    ),
    "second of two keys": (
        {"keys": {"keys": [jwk(OTHER_EC, "old"), jwk(EC, "new")]}}, None, lambda: token(header(kid="new")),
    ),
    "clock behind by the skew": ({}, None, lambda: token(body=claims(iat=int(time.time()) - 100, exp=int(time.time()) - 50))),
    "clock ahead by the skew": ({}, None, lambda: token(body=claims(iat=int(time.time()) + 50, exp=int(time.time()) + 110))),
    "lives for two minutes": ({}, None, lambda: token(body=claims(iat=int(time.time()), exp=int(time.time()) + 120))),
    "any script in names": ({}, None, lambda: token(body=claims(given_name="نور", sub="müller-17"))),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "secret", "made"), GOOD.values(), ids=GOOD)
def test_a_good_assertion_works(app_context, signed, changes, secret, made):
    signed(secret=secret, **changes)
    person = by_assertion("demo", made())
    assert (person.implementation, person.source, person.provider) == ("demo", "jwt", f"jwt:{ISSUER}")
    assert person.profile.last_name == "Lovelace"


def test_claims_become_a_profile_and_nothing_else_is_kept(app_context, signed):
    signed()
    told = claims(
        email="ada@example.org", email_verified=True, locale="en", org="RS", roles=["scanner", 7], user_type="staff",
        badge_id=4711, ssn="123-45-6789", given_name="A\u202eda\n",
    )  # fmt: skip
    profile = by_assertion("demo", token(body=told)).profile
    assert (profile.username, profile.user_type, profile.badge_id) == ("ada@example.org", "staff", "4711")
    assert profile.first_name == "A da"
    assert profile.attributes == {"email": "ada@example.org", "locale": "en", "org": "RS", "roles": ["scanner", "7"]}


def test_an_unverified_address_names_nobody(app_context, signed):
    signed()
    profile = by_assertion("demo", token(body=claims(email="root@ativ.example", email_verified=False))).profile
    assert profile.username == ""


def test_the_second_time_is_a_replay(app_context, signed):
    signed()
    first, other = token(body=claims(jti="x" * 20)), token(body=claims(jti="x" * 20, sub="somebody-else"))
    by_assertion("demo", first)
    for replayed in (first, other):
        with pytest.raises(ExternalLoginRefused) as outcome:
            by_assertion("demo", replayed)
        assert outcome.value.code == "seen before"


def test_of_many_who_replay_at_once_one_gets_in(app, signed):
    signed()
    stolen, outcomes = token(), []

    def use():
        with app.test_request_context():
            try:
                outcomes.append(by_assertion("demo", stolen).subject)
            except ExternalLoginRefused as refusal:
                outcomes.append(refusal.code)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["member-17", *["seen before"] * 7]


def test_a_refused_assertion_does_not_use_up_its_id(app_context, signed):
    signed()
    for wrong in (claims(jti="y" * 20, aud="https://x.example"), claims(jti="y" * 20, nonce="n" * 43)):
        with pytest.raises(ExternalLoginRefused):
            by_assertion("demo", token(body=wrong))
    assert by_assertion("demo", token(body=claims(jti="y" * 20))).subject == "member-17"


def test_the_same_organizer_at_two_implementations_is_two_doors(app_context, signed):
    signed()
    signed(slug="other")
    made = token()
    with pytest.raises(ExternalLoginRefused) as outcome:
        by_assertion("other", made)
    assert outcome.value.code == "audience"
    assert by_assertion("demo", made).implementation == "demo"


@pytest.mark.parametrize("algorithm", ["EdDSA", "RS256", "HS256"])
def test_the_key_of_one_algorithm_is_no_key_of_another(app_context, signed, algorithm):
    fields = {"EdDSA": {"keys": {"keys": [jwk(ED)]}}, "RS256": {"keys": {"keys": [jwk(RSA)]}}, "HS256": {"keys": {}}}
    signed(secret=SHARED if algorithm == "HS256" else None, algorithm=algorithm, **fields[algorithm])
    public = {"EdDSA": json.dumps(jwk(ED)).encode(), "RS256": pem(RSA), "HS256": SHARED.encode()}[algorithm]
    for forged in (
        token(header(alg=algorithm), key=EC),
        token(header(alg="ES256"), key=EC),
        token(header(alg="HS256"), key=public if algorithm != "HS256" else b"guess"),
        token(header(alg="none")),
    ):
        with pytest.raises(ExternalLoginRefused):
            by_assertion("demo", forged)


@pytest.mark.parametrize("slug", ["empty", "nobody", "staff", "../demo"])
def test_where_it_is_not_offered_it_is_not_found(app_context, signed, slug):
    signed()
    with pytest.raises(ExternalLoginRefused) as outcome:
        by_assertion(slug, token())
    assert outcome.value.status == 404


def test_without_the_store_nobody_gets_in(app_context, signed, monkeypatch):
    signed()
    away = LoginStore(connect_brief("unix:///nonexistent/store.sock"))
    monkeypatch.setattr(app_context.extensions["auth services"].store, "replays", away.replays)
    with pytest.raises(StoreAway):
        by_assertion("demo", token())


def test_the_log_has_the_code_and_the_reference_and_nothing_of_the_assertion(app_context, signed, caplog):
    signed()
    made = token(body=claims(sub="very-secret-person", aud="https://x.example"))
    with pytest.raises(ExternalLoginRefused) as outcome:
        by_assertion("demo", made)
    line = caplog.text
    assert "code=audience" in line
    assert outcome.value.reference in line
    for part in (*made.split("."), "very-secret-person", "Lovelace"):
        assert part not in line
    assert base64.b64encode(b"very-secret-person").decode() not in line


def test_a_signature_by_hand_is_what_the_library_takes():
    assert len(signature(EC, b"x")) == 64
