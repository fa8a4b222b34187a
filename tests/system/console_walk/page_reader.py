"""Reads a page as a browser does: its links, and its forms with the fields that would be sent."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urldefrag, urljoin

from lxml import html

#: Elements that load or lead to something: tag, attribute.
LINKS = (("a", "href"), ("link", "href"), ("script", "src"), ("img", "src"))

#: What every form of ours carries besides what a person can change.
CARRIED = frozenset({"csrf_token", "as_of", "was_read", "next", "sort"})


@dataclass(frozen=True)
class Field:
    """A field that a person can change: its kind, what it holds now, and what it offers."""

    name: str
    kind: str
    value: object  #: text; for ticks and choices the chosen values
    offers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Form:
    """A form as rendered. `sent` is what an untouched form sends, without a button's own name."""

    page: str
    method: str
    action: str
    enctype: str
    sent: tuple[tuple[str, str], ...]
    fields: tuple[Field, ...]
    buttons: tuple[tuple[str, str], ...]  #: (name, value); the name may be ""

    @property
    def signature(self):
        """By what two forms are the same: where they lead, and what they send."""
        return self.method, self.action, tuple(pair for pair in self.sent if pair[0] != "csrf_token"), self.buttons

    def filled(self, changes):
        """What is sent after a person changed fields: texts, one choice, or the list of ticked values."""
        unknown = set(changes) - {one.name for one in self.fields}
        assert not unknown, f"{self.page}: the form for {self.action} has no field {unknown}"
        kept = [(name, value) for name, value in self.sent if name not in changes]
        for name, value in changes.items():
            kept += [(name, one) for one in (value if isinstance(value, list) else [value])]
        return kept


@dataclass
class Page:
    """An HTML page at an address."""

    address: str
    text: str

    @cached_property
    def tree(self):
        return html.document_fromstring(self.text)

    @property
    def ids(self):
        return {one.get("id") for one in self.tree.iter() if one.get("id")}

    @property
    def links(self):
        """Every address that the page leads to or loads; what only moves within the page is in `fragments`."""
        found = (
            urljoin(self.address, one.get(name)) for tag, name in LINKS for one in self.tree.iter(tag) if one.get(name)
        )
        return sorted({urldefrag(address).url for address in found})

    @property
    def fragments(self):
        """The ids that the page's own links lead to."""
        return {one.get("href")[1:] for one in self.tree.iter("a") if (one.get("href") or "").startswith("#")}

    @cached_property
    def forms(self):
        return [self._form(one) for one in self.tree.iter("form")]

    def _form(self, element):
        live = [one for one in element.iter("input", "select", "textarea", "button") if not _is_disabled(one)]
        sent = [pair for one in live for pair in _sent(one)]
        names = dict.fromkeys(one.get("name") for one in live if one.get("name") and one.tag != "button")
        fields = [
            _field(name, [one for one in live if one.get("name") == name]) for name in names if name not in CARRIED
        ]
        buttons = [one for one in live if one.tag == "button" and one.get("type", "submit") == "submit"]
        return Form(
            page=self.address,
            method=element.get("method", "get").upper(),
            action=urljoin(self.address, element.get("action") or self.address),
            enctype=element.get("enctype", "application/x-www-form-urlencoded"),
            sent=tuple(sent),
            fields=tuple(fields),
            buttons=tuple((one.get("name", ""), one.get("value", "")) for one in buttons),
        )


def _is_disabled(element):
    """By itself, or inside a disabled fieldset."""
    return element.get("disabled") is not None or any(
        one.get("disabled") is not None for one in element.iterancestors("fieldset")
    )


def _sent(element):
    """The pairs that an untouched control sends."""
    name, kind = element.get("name"), element.get("type", "text")
    if not name or element.tag == "button" or kind == "file":
        return []
    if element.tag == "textarea":
        # The parser of HTML drops one line end behind the tag, and browsers send CR LF.
        text = element.text or ""
        return [(name, text.removeprefix("\n").replace("\r\n", "\n").replace("\n", "\r\n"))]
    if element.tag == "select":
        return [(name, one) for one in _chosen(element)]
    if kind in ("checkbox", "radio"):
        return [(name, element.get("value", "on"))] if element.get("checked") is not None else []
    return [(name, element.get("value", ""))]


def _chosen(select):
    options = list(select.iter("option"))
    chosen = [one for one in options if one.get("selected") is not None] or options[:1]
    return [one.get("value", one.text) for one in chosen]


def _field(name, elements):
    first = elements[0]
    kind = first.get("type", "text") if first.tag == "input" else first.tag
    values = [value for one in elements for _, value in _sent(one)]
    if kind in ("checkbox", "radio"):
        return Field(name, kind, values, tuple(one.get("value", "on") for one in elements))
    counted = Counter(one.get("name") for one in elements)
    assert counted[name] == 1, f"the field {name} stands {counted[name]} times in one form"
    if kind == "select":
        return Field(name, kind, values[0], tuple(one.get("value", one.text) for one in first.iter("option")))
    return Field(name, kind, values[0] if values else "")
