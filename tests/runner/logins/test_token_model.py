"""Whatever is done with codes and tokens, in whatever order: what counts is what a simple model says."""

from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from runner.logins import EndedLogins, TokenRefused
from runner.logins.app_token_formats import challenge_of
from runner.logins.app_tokens import ACCESS_S, CODE_S, GRACE_S, LOGIN_S, REFRESH_S, AppTokens
from tests.support.people import visitor

RIGHT, WRONG = "r" * 43, "w" * 43
OFTEN = st.sampled_from([True, True, True, False])
WHICH = st.sampled_from(["current", "current", "current", "previous", "previous", "older"])
HERE, THERE = "https://app.example.org/here", "https://app.example.org/there"


@dataclass
class Login:
    """What the model knows of one login."""

    who: object
    ended: bool = False
    current: str = ""
    previous: str = ""
    answer: object = None
    changed_at: int = 0
    until: int = 0
    used: set = field(default_factory=set)
    access: dict = field(default_factory=dict)  #: token -> when it ends

    def give(self, pair, now):
        self.current = pair.refresh
        self.access[pair.access] = now + pair.expires_in
        self.until = min(now + REFRESH_S, self.who.since + LOGIN_S)


@dataclass
class Code:
    login: Login
    text: str
    until: int
    used: bool = False


WHOM = st.integers(0, 3)


class Life(RuleBasedStateMachine):
    @initialize()
    def four_people_log_in(self):
        self.now = 1_800_000_000
        self.ended = EndedLogins(self.redis, clock=lambda: self.now)
        self.tokens = AppTokens(self.redis, self.ended, clock=lambda: self.now)
        self.redis.flushdb()
        people = [("demo", "ada"), ("demo", "ada"), ("demo", "bob"), ("other", "ada")]
        self.known = [Login(visitor(*who, since=self.now)) for who in people]
        for login in self.known[:2]:
            login.give(self.tokens.issue(login.who), self.now)
        self.codes = [self.code_of(login) for login in self.known[2:]]

    def code_of(self, login):
        text = self.tokens.code(login.who, redirect_uri=HERE, challenge=challenge_of(RIGHT))
        return Code(login, text, self.now + CODE_S)

    @rule(whom=WHOM)
    def logs_in_again(self, whom):
        who = self.known[whom].who
        if self.known[whom].ended:
            self.now += 1  # the end of all is counted in seconds
            login = self.known[whom] = Login(visitor(who.implementation, who.subject, since=self.now))
            login.give(self.tokens.issue(login.who), self.now)

    @rule(
        which=st.integers(0, 1),
        verifier=st.sampled_from([RIGHT, RIGHT, RIGHT, WRONG]),
        uri=st.sampled_from([HERE, HERE, HERE, THERE]),
        at_home=OFTEN,
    )
    def redeems(self, which, verifier, uri, at_home):
        code = self.codes[which]
        login = code.login
        implementation = login.who.implementation if at_home else "elsewhere"
        fits = at_home and verifier == RIGHT and uri == HERE and self.now < code.until and not login.ended
        fits = fits and not code.used
        try:
            pair = self.tokens.redeem(implementation, code.text, redirect_uri=uri, verifier=verifier)
        except TokenRefused:
            assert not fits
            login.ended = login.ended or code.used
        else:
            assert fits
            login.give(pair, self.now)
        code.used = True

    @rule(whom=WHOM, which=WHICH)
    def refreshes_at_home(self, whom, which):
        self.refreshes(whom, which, at_home=True)

    @rule(whom=WHOM)
    def refreshes_again_after_a_while(self, whom):
        self.refreshes(whom, "current", at_home=True)
        self.now += GRACE_S + 1
        self.refreshes(whom, "previous", at_home=True)

    @rule(whom=WHOM, which=WHICH, at_home=OFTEN)
    def refreshes(self, whom, which, at_home):
        login = self.known[whom]
        older = sorted(login.used - {login.previous})
        token = {"current": login.current, "previous": login.previous, "older": older[0] if older else ""}[which]
        if not token:
            return
        implementation = login.who.implementation if at_home else "elsewhere"
        alive = at_home and not login.ended and self.now < login.until
        again = which == "previous" and self.now - login.changed_at <= GRACE_S
        try:
            who, pair = self.tokens.refresh(implementation, token)
        except TokenRefused:
            assert not alive or not (which == "current" or again)
            login.ended = login.ended or alive
            return
        assert alive
        assert who == login.who
        if which == "current":
            login.used.add(token)
            login.previous, login.changed_at, login.answer = token, self.now, pair
            login.give(pair, self.now)
        else:
            assert again
            assert (pair.access, pair.refresh) == (login.answer.access, login.answer.refresh)

    @rule(whom=WHOM, which=st.sampled_from(["current", "previous", "access"]), at_home=st.booleans())
    def revokes(self, whom, which, at_home):
        login = self.known[whom]
        access = next((token for token, ends in login.access.items() if self.now < ends), "")
        token = {"current": login.current, "previous": login.previous, "access": access}[which]
        implementation = login.who.implementation if at_home else "elsewhere"
        done = self.tokens.revoke(implementation, token)
        if not login.ended and at_home and token:
            assert done == login.who.login
        assert at_home or done is None
        login.ended = login.ended or done is not None

    @rule(whom=WHOM)
    def is_ended(self, whom):
        self.ended.end(self.known[whom].who.login)
        self.known[whom].ended = True

    @rule(whom=WHOM)
    def all_are_ended(self, whom):
        who = self.known[whom].who
        self.ended.end_all(who.implementation, who.subject)
        for each in self.known:
            each.ended = each.ended or (each.who.implementation, each.who.subject) == (who.implementation, who.subject)

    @rule(seconds=st.sampled_from([1, GRACE_S, GRACE_S + 1, CODE_S, ACCESS_S, REFRESH_S - 60, REFRESH_S]))
    def time_passes(self, seconds):
        self.now += seconds

    @invariant()
    def an_access_token_opens_exactly_its_own_login(self):
        for login in getattr(self, "known", ()):
            who = login.who
            assert self.ended.is_ended(who.implementation, who.subject, who.login, who.since) == login.ended
            for token, ends in login.access.items():
                assert self.tokens._holder_now(token) == (who if self.now < ends else None)


def test_the_tokens_do_what_the_model_says(redis):
    Life.redis = redis
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=80, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
