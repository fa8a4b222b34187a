"""A status service whose answers a test sets, for tests of the views. The real one has its own tests."""

from datetime import UTC, datetime

from runner.status.displayed_status import DisplayedStatus
from runner.status.returns.return_tokens import ReturnTokens
from runner.status.service import LoginEnded, StatusRequest, UnknownImplementation, UnknownSession
from runner.status.status_body import Action, ShownMessage, Status, body_of

PUBLIC_URL = "https://status.example.org"
STATUS = "/api/v1/implementations/demo/sessions/CE-1/status"
WIDGET = "/widget/demo/sessions/CE-1"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}

AS_OF = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
CLAIM = ShownMessage("Claim 1.0 CE credit", "#9b3900", Action("link", "https://cme.example.org/claim"))
CLAIMED = ShownMessage("Credit claimed", "#006109")


def ready(message=CLAIMED, *, stale=False, refresh_after=60, as_of=AS_OF, run="01RUN"):
    return Status("ready", body_of(message, as_of=as_of, run=run), stale, refresh_after)


def checking(message=None, *, refresh_after=1):
    if message is None:
        return Status("checking", refresh_after=refresh_after)
    return Status("checking", body_of(message, as_of=AS_OF, run="01OLD"), False, refresh_after)


HIDDEN = Status("hidden", refresh_after=60)
UNAVAILABLE = Status("unavailable", refresh_after=5, reference="3f9ca71e")

#: What the records of `conftest.py` hold.
PLACES = {("demo", "CE-1"), ("demo", "P70068"), ("other", "CE-1")}


class StubStatusService:
    """Answers `status` to everybody; after a return, what `after_return` says."""

    def __init__(self):
        self.tokens = ReturnTokens(["k" * 40], hours=1)
        self.reset()

    def changed(self, implementation):
        """Nothing is remembered here."""
        return True

    def outdate(self, implementation, pairs):
        self.outdated += [(implementation, *pair) for pair in pairs]
        return True

    def outdate_session(self, implementation, session):
        self.outdated.append((implementation, None, session))
        return 2

    def reset(self):
        self.outdated = []
        self.status = ready()
        self.after_return = checking(CLAIM)
        self.asked = []
        self.ended = set()  # login ids
        self.came_back = []
        self.return_waits = []
        self.fails_with = None
        self.own_attendance = False

    def shows_own_attendance(self, implementation):
        return self.own_attendance

    def ask(self, asker, wait_s=0.0):
        self.check_exists(asker.implementation, asker.session)
        self._check_standing(asker)
        self.asked.append((asker, wait_s))
        return self.status

    def loop_answers(self):
        """What the event loop answers: the same, and what is ready or hidden without a run."""
        return StubLoopAnswers(self)

    def look(self, asker):
        return DisplayedStatus(asker.session, self.status.state, self.status.body, fresh=not self.status.stale)

    def returned(self, asker, wait_s=0.0):
        self.check_exists(asker.implementation, asker.session)
        self._check_standing(asker)
        self.came_back.append(asker)
        self.return_waits.append(wait_s)
        self.status = self.after_return
        return self.status

    def _check_standing(self, asker):
        if asker.login in self.ended:
            raise LoginEnded

    def read_return_token(self, token):
        return StatusRequest(*self.tokens.read(token))

    def check_exists(self, implementation, session):
        if self.fails_with:
            raise self.fails_with
        if implementation not in {known for known, _ in PLACES}:
            raise UnknownImplementation
        if (implementation, session) not in PLACES:
            raise UnknownSession


class StubLoopAnswers:
    """Answers what the service of a test answers. `stored` is what the store holds, by its keys."""

    def __init__(self, service):
        self._service = service
        self.stored = lambda key: None

    def start(self):
        """There is nothing to hear of."""

    def resolved(self, asker):
        return asker

    async def cached(self, asker):
        return await self.ask(asker, 0.0) if self._service.status.state in {"ready", "hidden"} else None

    async def ask(self, asker, wait_s):
        return self._found(self._service.ask, asker, wait_s)

    async def returned(self, asker, wait_s):
        return self._found(self._service.returned, asker, wait_s)

    async def value(self, key):
        return self.stored(key)

    def close(self):
        """There is no connection."""

    def _found(self, question, asker, wait_s):
        try:
            return question(asker, wait_s)
        except (LoginEnded, UnknownImplementation, UnknownSession):
            return None
