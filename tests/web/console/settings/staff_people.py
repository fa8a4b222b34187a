"""The stage: an administrator, an organizer and an author at the real application, and what they type."""

import re
from dataclasses import replace
from html import unescape

from records import Database, audit
from tests.support.people import visitor
from tests.support.stub_status_service import SAME_ORIGIN

DEMO = "/console/implementations/demo"
PEOPLE = {"administrator": ("staff", "root"), "organizer": ("demo", "olga"), "author": ("demo", "arno")}

#: Every settings page of an implementation which has everything, below DEMO.
PAGES = (
    "/",
    "/settings",
    "/settings/link-hosts",
    "/settings/script",
    "/settings/attendance",
    "/settings/retention",
    "/connections",
    "/connections/new",
    "/connections/ethosce",
    "/connections/ethosce/remove",
    "/provider",
    "/provider/metadata",
    "/provider/data",
    "/provider/attributes",
    "/provider/policy",
    "/provider/check",
    "/provider/remove",
    "/external",
    "/external/jwt",
    "/external/introspection",
    "/external/password",
    "/external/remove",
    "/agenda",
    "/app",
)
#: Those which need the permission to change trust; organizers may see the rest.
OF_TRUST = frozenset(
    page for page in PAGES if re.search(r"link-hosts|/new|ethosce|provider/|external/", page) and page != "/"
)


class Person:
    """Somebody who is signed in to the console."""

    def __init__(self, app, role, *, since=None):
        self.app, self.http = app, app.test_client()
        implementation, subject = PEOPLE[role]
        made = visitor(implementation, subject, since=since)
        self.visitor = replace(made, proved=made.since)
        services = app.extensions["auth services"]
        self.http.set_cookie(services.logins.cookie, services.logins.sign(self.visitor), domain="status.example.org")
        self._token = None

    def get(self, page="", **more):
        return self.http.get(DEMO + page, **more)

    def post(self, page, data=None, **more):
        """Send a form as its page would: with the token, from our own page."""
        if self._token is None:
            self._token = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/settings").text)[1]
        form = {"csrf_token": self._token, **(data or {})}
        return self.http.post(DEMO + page, data=form, headers=SAME_ORIGIN, **more)

    def form(self, page):
        """What a browser would send from this page if nothing was typed: its largest form."""
        return typed(self.get(page).text)


def typed(page):
    """The fields of the largest form of a page, as a browser would send them."""
    forms = re.findall(r"<form[^>]*>(.*?)</form>", page, re.DOTALL)
    inside = max(forms, key=len)
    fields = {}
    for tag in re.findall(r"<input[^>]*>", inside):
        kind = _attribute(tag, "type") or "text"
        name = _attribute(tag, "name")
        if not name or kind in ("file", "submit") or (kind in ("checkbox", "radio") and " checked" not in tag):
            continue
        fields.setdefault(name, []).append(_attribute(tag, "value") or ("y" if kind == "checkbox" else ""))
    for tag, text in re.findall(r"<textarea([^>]*)>(.*?)</textarea>", inside, re.DOTALL):
        fields.setdefault(_attribute(tag, "name"), []).append(unescape(text).strip("\r\n"))
    for tag, inner in re.findall(r"<select([^>]*)>(.*?)</select>", inside, re.DOTALL):
        chosen = re.search(r'<option selected value="([^"]*)"', inner)
        fields.setdefault(_attribute(tag, "name"), []).append(chosen[1] if chosen else "")
    return fields


def _attribute(tag, name):
    found = re.search(rf'\b{name}="([^"]*)"', tag)
    return unescape(found[1]) if found else None


def faults(response):
    """What is wrong, as the page says it at the fields."""
    found = re.findall(r'<p class="fault" id="([^"]+)-wrong">(.*?)</p>', response.text, re.DOTALL)
    return {name: unescape(re.sub(r"<[^>]+>", "", text)).removeprefix("Error: ").strip() for name, text in found}


def entries(database: Database, action=None):
    with database.reading() as db:
        return [each for each in audit.recent(db) if action in (None, each.action)]
