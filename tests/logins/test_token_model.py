"""Whatever is done with codes and tokens, in whatever order: what counts is what a simple model says."""

from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from people import visitor

from runner.logins import Ended, TokenRefused
from runner.logins.token_shapes import challenge_of
from runner.logins.tokens import ACCESS_S, CODE_S, GRACE_S, LOGIN_S, REFRESH_S, AppTokens

RIGHT, WRONG = "r" * 43, "w" * 43
HERE, THERE = "https://app.example.org/here", "https://app.example.org/there"


@dataclass
class Login:
    """What the model knows of one login."""

    who: object
    ended: bool = False
    begun: bool = False  #: it has tokens
    current: str = ""
    previous: str = ""
    answer: object = None
    changed_at: int = 0
    until: int = 0
    used: set = field(default_factory=set)
    access: dict = field(default_factory=dict)  #: token -> when it ends

    def give(self, pair, now):
        self.begun, self.current = True, pair.refresh
        self.access[pair.access] = now + pair.expires_in
        self.until = min(now + REFRESH_S, self.who.since + LOGIN_S)


@dataclass
class Code:
    login: Login
    text: str
    until: int
    used: bool = False


class Life(RuleBasedStateMachine):
    logins = Bundle("logins")
    codes = Bundle("codes")

    @initialize()
    def begin(self):
        self.now = 1_800_000_000
        self.ended = Ended(self.redis, clock=lambda: self.now)
        self.tokens = AppTokens(self.redis, self.ended, clock=lambda: self.now)
        self.known = []
        self.redis.flushdb()

    @rule(target=logins, implementation=st.sampled_from(["demo", "other"]), subject=st.sampled_from(["ada", "bob"]))
    def logs_in(self, implementation, subject):
        self.now += 1  # the end of all is counted in seconds
        login = Login(visitor(implementation, subject, since=self.now))
        self.known.append(login)
        return login

    @rule(login=logins)
    def is_given_tokens(self, login):
        if not login.begun and not login.ended:
            login.give(self.tokens.issue(login.who), self.now)

    @rule(target=codes, login=logins)
    def is_given_a_code(self, login):
        text = self.tokens.code(login.who, redirect_uri=HERE, challenge=challenge_of(RIGHT))
        return Code(login, text, self.now + CODE_S)

    @rule(
        code=codes,
        verifier=st.sampled_from([RIGHT, RIGHT, RIGHT, WRONG]),
        uri=st.sampled_from([HERE, HERE, HERE, THERE]),
        at_home=st.sampled_from([True, True, True, False]),
    )
    def redeems(self, code, verifier, uri, at_home):
        login = code.login
        if login.begun and not code.used:
            return  # a login has one code
        implementation = login.who.implementation if at_home else "elsewhere"
        fits = at_home and verifier == RIGHT and uri == HERE and self.now < code.until and not self.is_over(login)
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

    @rule(login=logins, which=st.sampled_from(["current", "current", "previous", "older"]), at_home=st.booleans())
    def refreshes(self, login, which, at_home):
        older = sorted(login.used - {login.previous})
        token = {"current": login.current, "previous": login.previous, "older": older[0] if older else ""}[which]
        if not token:
            return
        implementation = login.who.implementation if at_home else "elsewhere"
        alive = at_home and not self.is_over(login) and self.now < login.until
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

    @rule(login=logins, which=st.sampled_from(["current", "previous", "access"]), at_home=st.booleans())
    def revokes(self, login, which, at_home):
        access = next((token for token, ends in login.access.items() if self.now < ends), "")
        token = {"current": login.current, "previous": login.previous, "access": access}[which]
        implementation = login.who.implementation if at_home else "elsewhere"
        done = self.tokens.revoke(implementation, token)
        login.ended = login.ended or done is not None
        if token and at_home and not self.is_over(login):
            assert done == login.who.login

    @rule(login=logins)
    def is_ended(self, login):
        self.ended.end(login.who.login)
        login.ended = True

    @rule(login=logins)
    def all_are_ended(self, login):
        self.ended.end_all(login.who.implementation, login.who.subject)
        mine = (login.who.implementation, login.who.subject)
        for each in self.known:
            each.ended = each.ended or (each.who.implementation, each.who.subject) == mine

    @rule(seconds=st.sampled_from([1, GRACE_S, GRACE_S + 1, CODE_S, ACCESS_S, REFRESH_S // 2, REFRESH_S]))
    def time_passes(self, seconds):
        self.now += seconds

    @invariant()
    def an_access_token_opens_exactly_its_own_login(self):
        for login in getattr(self, "known", ()):
            who = login.who
            assert self.ended.is_ended(who.implementation, who.subject, who.login, who.since) == login.ended
            for token, ends in login.access.items():
                assert self.tokens._holder_now(token) == (who if self.now < ends else None)

    def is_over(self, login):
        return login.ended


def test_the_tokens_do_what_the_model_says(redis):
    Life.redis = redis
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
