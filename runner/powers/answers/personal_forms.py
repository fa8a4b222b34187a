"""Finds what is personal by its form: e-mail addresses in the ways in which they are written, and fields that name it.

Each search goes through a text once: it looks for what stands for "@", and then at a limited number of characters around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

#: Characters of the part before the "@" that are found (RFC 5321, 4.5.3.1.1).
_LONGEST_LOCAL: Final = 64
#: Rounds of percent-encoding.
_MOST_ENCODED: Final = 4
#: "@" as it is, in wide characters, and escaped for an address, for JSON and for HTML, once or several times over.
_ESCAPED_AT = (
    r"[@\uff20\ufe6b]|%(?:25){0,3}40|\\{1,8}u0040|\\{1,8}x40|&(?:amp;){0,3}(?:#0{0,6}64;?|#[xX]0{0,6}40;?|commat;)"
)
_ESCAPED_DOT = r"[.\uff0e]|%(?:25){0,3}2[eE]|\\{1,8}u002[eE]|&(?:amp;){0,3}(?:#0{0,6}46;?|#[xX]0{0,6}2[eE];?|period;)"
#: In the ways in which people hide it from programs: "ann (at) example [dot] org", "ann at example dot org".
_WORDED_AT = r"\s{0,3}[\[({<_-]\s{0,3}(?:at|@)\s{0,3}[\])}>_-]\s{0,3}"
_WORDED_DOT = r"\s{0,3}[\[({<_-]\s{0,3}(?:dot|\.)\s{0,3}[\])}>_-]\s{0,3}"
_AT = re.compile(rf"(?i)(?P<spoken> at )|(?:{_WORDED_AT})|(?:{_ESCAPED_AT})")
_DOMAIN = re.compile(rf"(?i)[\w-]{{1,63}}(?:(?:{_ESCAPED_DOT}|{_WORDED_DOT}| dot )[\w-]{{1,63}}){{1,8}}")
_SPOKEN_DOMAIN = re.compile(r"(?i)[\w-]{1,63}(?: dot [\w-]{1,63}){1,8}")
_DOTS = re.compile(rf"(?i){_ESCAPED_DOT}|{_WORDED_DOT}| dot ")
_LOCAL = re.compile(r"[\w.+%-]")
#: A social security number as it is written in the United States.
NATIONAL_NUMBER: Final = re.compile(r"(?<![\w-])[0-9]{3}-[0-9]{2}-[0-9]{4}(?![\w-])")

#: Words of a key, joined by "_", that name a person, what identifies one, or where one is to be reached.
_IDENTIFIES: Final = re.compile(
    r"(?:^|_)(?:ssn|sin|nino|npi|tin|itin|nif|cpf|curp|aadhaar|iban|swift|cvv|cvc|dob|pesel|bsn"
    r"|social_(?:security|insurance)|social|national_(?:id|identifier|insurance|number)|identity_(?:card|number)|id_card"
    r"|(?:tax|vat|fiscal)_(?:payer_)?(?:id|identifier|identification|no|nr|number|code)|taxpayer"
    r"|passport|driv(?:er|ers|ing)_licen[cs]e|licen[cs]e_(?:no|nr|number|id)|(?:bank_)?account_(?:no|nr|number)|routing_number"
    r"|(?:credit_|debit_)?card_(?:no|nr|number)|medicare|medicaid|nhs_number|insurance_(?:id|no|number)"
    r"|gender|sex|ethnicity|race|religion|nationality)(?:_|$)"
)
_KEY_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
#: Characters of a key that are looked at.
_LONGEST_KEY: Final = 200


def replace_addresses(text: str, instead: Callable[[str, str], str]) -> str:
    """Replace each e-mail address by what `instead` returns of it: as it is written, and in the plain form."""
    done, parts = 0, []
    for at in _AT.finditer(text):
        found = _around(text, at, done)
        if found is None:
            continue
        begin, end, domain = found
        plain = f"{_decoded(text[begin : at.start()])}@{_DOTS.sub('.', domain)}"
        parts += [text[done:begin], instead(text[begin:end], plain)]
        done = end
    return "".join([*parts, text[done:]]) if parts else text


def _around(text: str, at: re.Match[str], least: int) -> tuple[int, int, str] | None:
    """Where the address with this "@" begins and ends, and its domain; None if it is none."""
    begin, floor = at.start(), max(least, at.start() - _LONGEST_LOCAL)
    while begin > floor and _LOCAL.match(text, begin - 1):
        begin -= 1
    domain = (_SPOKEN_DOMAIN if at["spoken"] else _DOMAIN).match(text, at.end())
    if begin >= at.start() or domain is None:
        return None
    return begin, domain.end(), domain[0]


def _decoded(text: str) -> str:
    for _ in range(_MOST_ENCODED):
        text = unquote(text)
    return text


def names_identity(key: str) -> bool:
    """Say whether a field of this name holds what identifies a person: such as a tax number."""
    words = _KEY_WORD.findall(key[:_LONGEST_KEY])
    return _IDENTIFIES.search("_".join(words).lower()) is not None
