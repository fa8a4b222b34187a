"""The message contract: which parts of a script's message reach an attendee, and why the others do not.

A script's text, link and colour are hostile input that ends up on a stranger's phone. The same rules are applied twice:
to the literals at review (`review_literals`) and to every value at run time (`judge`). The rule for texts is in
`records.message_text`, because it also applies to saved texts. Nothing is escaped here: templates do that.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from records.colours import LEAST_CONTRAST, WHITE, contrast, is_colour
from records.host_names import is_host_name
from records.ip_addresses import is_loopback
from records.message_text import ADVISED_GRAPHEMES, clean_text, code_points
from sandbox import Finding, MessageLiteral, Severity

MAX_LINK: Final = 2048  #: characters

_UNENCRYPTED = re.compile(r"http://(?P<host>[^/?#:@\[\]]+)(:[0-9]{1,5})?([/?#]|\Z)")
_NOT_IN_LINKS = re.compile(r"[^\x21-\x7e]|[\\\"<>`]")


@dataclass(frozen=True)
class Message:
    """What is shown. `color` is `#rrggbb` in lower case."""

    text: str
    link: str | None = None
    color: str | None = None


@dataclass(frozen=True)
class JudgedMessage:
    """The verdict. `message` is None for a hidden status, and for a refused text; `refused` then says why."""

    message: Message | None
    warnings: tuple[str, ...] = ()
    refused: str | None = None


def judge(
    value: Mapping[str, Any] | None, link_hosts: Collection[str], *, allow_loopback: bool = False
) -> JudgedMessage:
    """Judge `{"text", "link", "color"}` as a script returned it; None stands for `hidden()`.

    Invisible characters are removed from a text; one that breaks the contract is refused as a whole. A link or a colour
    that breaks it is dropped with a warning, as the app itself would do. `allow_loopback` is for development: a plain
    http link to this machine is then allowed, with a warning that it is not allowed in production.
    """
    if value is None:
        return JudgedMessage(message=None)
    if not isinstance(value, Mapping):
        return JudgedMessage(message=None, refused="the script did not return a message")
    cleaned = clean_text(value.get("text"))
    if cleaned.refused:
        return JudgedMessage(message=None, refused=cleaned.refused)
    link, link_fault = _checked(value.get("link"), lambda link: link_fault_of(link, link_hosts))
    if link_fault and allow_loopback and leads_to_this_machine(value["link"]):
        link, link_fault = value["link"], None
    color, color_fault = _checked(value.get("color"), color_fault_of)
    warnings = (
        *cleaned.warnings,
        link_fault and f"the link was dropped: {link_fault}",
        link and link.startswith("http://") and "the link leads to this machine: it is allowed in development only",
        color_fault and f"the colour was dropped: {color_fault}",
    )
    message = Message(text=cleaned.text, link=link, color=color.lower() if color else None)
    return JudgedMessage(message=message, warnings=tuple(warning for warning in warnings if warning))


def review_literals(literals: Iterable[MessageLiteral], link_hosts: Collection[str]) -> tuple[Finding, ...]:
    """Apply the contract to the literal arguments of `message(...)` calls, before any run.

    A text that would be refused is an error, because attendees would never see it; everything else is a warning.
    """
    return tuple(finding for literal in literals for finding in _review_one(literal, link_hosts))


def _review_one(literal: MessageLiteral, link_hosts: Collection[str]) -> Iterable[Finding]:
    if literal.text is not None:
        cleaned = clean_text(literal.text)
        if cleaned.refused:
            yield _finding(literal, "message-text", cleaned.refused, Severity.ERROR)
        for changed in cleaned.changed:
            yield _finding(literal, "message-text", changed)
        if cleaned.too_long:
            yield _finding(literal, "message-length", cleaned.too_long)
    if literal.link is not None:
        fault = link_fault_of(literal.link, link_hosts)
        if fault:
            yield _finding(literal, "message-link", f"the link will be dropped: {fault}")
    if literal.color is not None:
        fault = color_fault_of(literal.color)
        if fault:
            yield _finding(literal, "message-color", f"the colour will be dropped: {fault}")


#: rule -> (why, what to write instead)
_ADVICE: Final = {
    "message-text": ("invisible and direction-changing characters deceive readers", "plain visible text on one line"),
    "message-length": ("the widget has one short line", f"at most {ADVISED_GRAPHEMES} characters"),
    "message-link": ("attendees may only be sent to known hosts", "an https:// link to a host on the list"),
    "message-color": ("it must be readable as text and as a button", 'a dark colour such as "#006109"'),
}


def _finding(literal: MessageLiteral, rule: str, what: str, severity: Severity = Severity.WARNING) -> Finding:
    why, instead = (_sentence(part) for part in _ADVICE[rule])
    return Finding(rule, literal.line, literal.column, _sentence(what), why, instead, severity)


def _sentence(words: str) -> str:
    """Return what a warning of a run says as a finding says it, like all other findings."""
    return f"{words[:1].upper()}{words[1:]}."


# -- link and colour ----------------------------------------------------------------------------------------------


def _checked(value: Any, fault_of: Any) -> tuple[str | None, str | None]:
    """Return the value if it has no fault, and the fault if it has one."""
    if value is None:
        return None, None
    fault = fault_of(value)
    return (None, fault) if fault else (value, None)


def link_fault_of(link: Any, link_hosts: Collection[str]) -> str | None:
    """Say why a link may not be shown; None if it may.

    1. It is text of at most 2,048 visible ASCII characters, without backslash, `"`, backtick or angle brackets.
    2. It starts with `https://`, exactly as the app looks for it.
    3. Its authority is a plain host name in ASCII form, so that the browser goes to the host that was judged: no user
       information, no escapes, no IP address, no port other than 443.
    4. The host is exactly one of the implementation's link hosts: no suffixes, no wildcards.
    """
    # 1. characters
    if not isinstance(link, str):
        return f"it is a {type(link).__name__}, not a str"
    if len(link) > MAX_LINK:
        return f"it is longer than {MAX_LINK} characters"
    odd = _NOT_IN_LINKS.search(link)
    if odd:
        return (
            f"it has a character that no address may have ({code_points(odd[0])}); escape it, for example with quote()"
        )
    # 2. scheme
    if not link.startswith("https://"):
        return "it does not start with https://"
    # 3. authority
    authority = re.split(r"[/?#]", link.removeprefix("https://"), maxsplit=1)[0]
    if "@" in authority:
        return "it has user information before the host"
    host, colon, port = authority.lower().partition(":")
    if not is_host_name(host):
        return "its host is not a plain host name"
    if colon and port != "443":
        return "its port is not 443"
    # 4. host
    if host not in link_hosts:
        return f"its host {host[:80]} is not on the list of link hosts"
    return None


def leads_to_this_machine(link: Any) -> bool:
    """Say whether a link leads to a plain http server on this machine, such as the demo's vendor."""
    if not isinstance(link, str) or len(link) > MAX_LINK or _NOT_IN_LINKS.search(link):
        return False
    found = _UNENCRYPTED.match(link)
    return found is not None and is_loopback(found["host"])


def color_fault_of(color: Any) -> str | None:
    """Say why a colour may not be used; None if it may."""
    if not isinstance(color, str):
        return f"it is a {type(color).__name__}, not a str"
    if not is_colour(color.lower()):
        return "it is not written as #rrggbb"
    ratio = contrast(color, WHITE)
    if ratio < LEAST_CONTRAST:
        return f"its contrast with white is {ratio:.2f}, less than {LEAST_CONTRAST}"
    return None
