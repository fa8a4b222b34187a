"""Removes secrets from texts: from answers before a script reads them, and from what the trace shows.

This is a safety net. A secret is never put into a text on purpose, but a vendor may send one back.
"""

from __future__ import annotations

import base64
import functools
import html.entities
import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import parse_qsl

REDACTED: Final = "[redacted]"
#: Secrets shorter than this are not searched for: that would blank innocent text.
MIN_REDACTED: Final = 6
#: Characters of a secret that are searched for in every spelling; the rest of a longer one (a token) is blanked with them.
COMPARED: Final = 48

#: A character -> its names in HTML, such as `amp;`.
_NAMES: Final[dict[str, list[str]]] = {}
for _name, _character in html.entities.html5.items():
    if _name.endswith(";") and len(_character) == 1:
        _NAMES.setdefault(_character, []).append(_name)

_ESCAPE = re.compile(r"[\\%&]")
_SECRET_NAME: Final = re.compile(
    r"(?i)pass(word|wd)?$|secret|token|(api|access|auth)[_-]?key|^key$|signature|^sig$|credential|^auth"
)


def redact(text: str, secrets: Iterable[str]) -> str:
    """Blank every secret in a text, as it is and in the ways in which a vendor may echo it.

    That is in upper or lower case, with any of its characters escaped for an address, for JSON or for HTML, in Base64
    (also within other text) and in hexadecimal. A secret that is changed in another way (split, reversed, compressed) is
    not found; a vendor who holds the secret cannot be kept from that.
    """
    searched = _searched(tuple(sorted(secret for secret in secrets if len(secret) >= MIN_REDACTED)))
    if not searched:
        return text
    pattern, pieces = searched
    lower = text.lower()
    if not _ESCAPE.search(text) and not any(piece in lower for piece in pieces):
        return text  # the quick way for most texts
    return pattern.sub(REDACTED, text)


@functools.lru_cache(maxsize=512)
def _searched(secrets: tuple[str, ...]) -> tuple[re.Pattern[str], frozenset[str]] | None:
    """Return a pattern that finds the secrets, and pieces of which a text without escapes must contain one to match.

    It is computed once for the credentials of each connection.
    """
    if not secrets:
        return None
    written = [form for secret in secrets for form in (secret[:COMPARED], *_packed(secret))]
    pieces = frozenset(max(re.findall("[a-z0-9]+", form.lower()), key=len, default="") for form in written)
    forms = sorted((form for secret in secrets for form in _forms(secret)), key=len, reverse=True)
    return re.compile("|".join(forms)), pieces


def _forms(secret: str) -> Iterator[str]:
    """Yield expressions that match the secret. Case matters in Base64 only; a long secret is recognised by its beginning."""
    yield re.escape(secret)
    rest = "[!#-;=?-~]*" if len(secret) > COMPARED else ""
    start = secret[:COMPARED]
    # In headers, and in bodies of an undeclared charset, UTF-8 is read as Latin-1.
    for spelling in {start, start.encode("utf-8", "surrogatepass").decode("latin-1")}:
        yield f"(?i:{''.join(map(_any_escape, spelling))}){rest}"
    hexadecimal, *base_64 = _packed(secret)
    yield f"(?i:{hexadecimal}){rest}"
    for inside in base_64:
        yield re.sub(r"\\?[+/]", r"(?:[+/_-]|\\\\/|%2[BF])", re.escape(inside)) + rest


def _packed(secret: str) -> Iterator[str]:
    """Yield the secret's beginning in hexadecimal, then in Base64 after 0, 1 and 2 bytes of other text."""
    raw = secret[:COMPARED].encode("utf-8", "surrogatepass")
    yield raw.hex()
    for before in range(3):
        # The characters at the ends also contain bits of the bytes before and after, if there are any.
        whole = base64.b64encode(b"\0" * before + raw).decode("ascii").rstrip("=")
        yield whole[(0, 2, 3)[before] : None if (before + len(raw)) % 3 == 0 else -1]


def _any_escape(character: str) -> str:
    """Return an expression for one character, as it is and as addresses, JSON and HTML may write it."""
    code = ord(character)
    quoted = "".join(f"%(?:25){{0,4}}{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    ways = [re.escape(character), quoted, rf"\\{{1,8}}u{code:04x}", f"&#0{{0,6}}{code};?", f"&#x0{{0,6}}{code:x};?"]
    if not (character.isascii() and character.isalnum()):
        ways += [r"\\{1,8}" + re.escape(character), *(f"&{name}" for name in _NAMES.get(character, ()))]
    if character == " ":
        ways.append(r"\+")
    if not character.isascii():
        ways.append("\ufffd")  # what a wrong charset leaves of it
    return f"(?:{'|'.join(ways)})"


def shown_query(query: str, params: tuple[tuple[str, str], ...]) -> str:
    """Return query and parameters for people to read, cut, with the values of names that suggest a secret blanked."""
    pairs = shown_pairs((*parse_qsl(query, keep_blank_values=True), *params))
    return "&".join(f"{name}={value}" for name, value in pairs)[:1000]


def shown_pairs(params: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return parameters with the values of names that suggest a secret blanked."""
    return tuple((name, REDACTED if is_secret_name(name) else value) for name, value in params)


def is_secret_name(name: str) -> bool:
    """Say whether what has this name is likely to be a secret."""
    return _SECRET_NAME.search(name) is not None
