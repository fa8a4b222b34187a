"""Walks the console as a person does: from its home, by the links of each page, and by sending its forms."""

import io
import re
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from tests.support.stub_status_service import PUBLIC_URL, SAME_ORIGIN
from tests.system.console_walk.page_reader import Page

HOST = urlsplit(PUBLIC_URL).netloc
HOME = f"{PUBLIC_URL}/console/"

#: Redirects that a browser is led through at most.
MOST_STEPS = 6


@dataclass(frozen=True)
class Answer:
    """What came at the end of a link or form: where, which status, and the page if it is one. `away`: another host."""

    address: str
    status: int
    page: Page | None = None
    away: str = ""
    first_status: int = 0


@dataclass
class Walker:
    """A browser with somebody's login. `reached` are the routes it came through: method and rule."""

    app: object
    visitor: object | None = None
    reached: set = field(default_factory=set)

    def __post_init__(self):
        self.adapter = self.app.url_map.bind(HOST, url_scheme="https")
        self.http = FlaskClient(self.app, self.app.response_class, use_cookies=True)
        if self.visitor:
            logins = self.app.extensions["auth services"].logins
            self.http.set_cookie(logins.cookie, logins.sign(self.visitor), domain=HOST)

    @property
    def cookies(self):
        return dict(self.http._cookies)

    @cookies.setter
    def cookies(self, cookies):
        self.http._cookies = dict(cookies)

    def get(self, address):
        return self._end(self._ask("GET", address), address)

    def send(self, form, changes=None, *, button=("", "")):
        """Send a form as rendered: by its method, to its action, with all its fields and the button's own value."""
        pairs = form.filled(changes or {}) + ([button] if button[0] else [])
        if form.method == "GET":
            answer = self._ask("GET", form.action.partition("?")[0], query_string=MultiDict(pairs))
            return self._end(answer, answer.request.url)
        data = MultiDict((name, value if isinstance(value, str) else _upload(value)) for name, value in pairs)
        if form.enctype == "multipart/form-data":
            answer = self._ask("POST", form.action, data=data, headers=SAME_ORIGIN, content_type=form.enctype)
        else:
            answer = self._ask("POST", form.action, data=data, headers=SAME_ORIGIN)
        return self._end(answer, form.action)

    def all_pages(self, start=HOME, *, only=()):
        """Follow every link from here on. Returns the answers by address, and who linked there first.

        `only`: the implementations to look at; all of them if none is named.
        A list in another order, or its next page, is looked at once and not again in each implementation.
        """
        answers, found_on, waiting, listed = {}, {start: ""}, deque([start]), set()
        while waiting:
            address = waiting.popleft()
            answer = answers[address] = self.get(address)
            for link in answer.page.links if answer.page else ():
                kind = self.rule("GET", link), urlsplit(link).query
                if only and not leads_to(link, only):
                    continue
                if urlsplit(link).netloc == HOST and link not in found_on and not (kind[1] and kind in listed):
                    listed.add(kind)
                    found_on[link] = address
                    waiting.append(link)
        return answers, found_on

    def _ask(self, method, address, **more):
        self.reached.add((method, self.rule(method, address)))
        path = urlsplit(address)
        more = {"query_string": path.query} | more
        return self.http.open(path.path, method=method, base_url=PUBLIC_URL, buffered=True, **more)

    def rule(self, method, address):
        """The route of an address of ours; "" if there is none."""
        try:
            found, _ = self.adapter.match(urlsplit(address).path, method=method, return_rule=True)
        except HTTPException:
            return ""
        return found.rule

    def _end(self, answer, address):
        """Follow redirects to the end, or to where they leave us."""
        first = answer.status_code
        for _ in range(MOST_STEPS):
            if answer.status_code not in (301, 302, 303, 307, 308):
                break
            address = urljoin(address, answer.location)
            if urlsplit(address).netloc != HOST:
                return Answer(address, answer.status_code, away=address, first_status=first)
            answer = self._ask("GET", address)
        page = Page(address, answer.text) if answer.mimetype == "text/html" else None
        return Answer(address, answer.status_code, page, first_status=first)


def leads_to(link, implementations):
    """Whether a link stays outside of all implementations but these."""
    found = re.search(r"/implementations/([^/?]+)", link)
    return found is None or found[1] in implementations


def _upload(value):
    """A file is sent anew for each request: reading closes it."""
    name, content = value
    return io.BytesIO(content), name
