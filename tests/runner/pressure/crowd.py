"""A crowd before one queue, computed event by event: the product's arithmetic with a clock that the computation moves.

Nothing here waits or measures, so the same seed gives the same numbers on every machine.
"""

import heapq
import random
from collections import Counter, deque
from dataclasses import dataclass, field

from runner.pressure.live_load import LiveLoad
from runner.pressure.run_pace import RunTotals
from runner.queues import run_causes
from runner.queues.backlog import Backlog

#: Seconds between two flushes of the workers' counts.
FLUSH_S = 0.25


@dataclass
class Crowd:
    """`per_s` runs end each second, each takes `run_s`; a client may wait `hold_s` for its answer in each request."""

    per_s: float
    run_s: float = 0.25
    places: int = 64
    hold_s: float = 0.0
    processes: int = 2
    now: float = 0.0
    returned: deque = field(default_factory=deque)
    others: deque = field(default_factory=deque)
    ended: int = 0
    flushed: int = 0
    answered: set = field(default_factory=set)
    ordered: set = field(default_factory=set)
    requests: Counter = field(default_factory=Counter)
    first_at: dict = field(default_factory=dict)
    waits: list = field(default_factory=list)
    held: dict = field(default_factory=dict)
    shed: int = 0

    def __post_init__(self):
        self.loads = [
            LiveLoad(lambda _: self.totals(), lambda _: self.backlog(), clock=lambda: self.now)
            for _ in range(self.processes)
        ]
        self.events = []

    def totals(self):
        return RunTotals(self.flushed, int(self.flushed * self.run_s * 1000))

    def backlog(self):
        return Backlog(len(self.returned), len(self.others))

    def at(self, when, what, *arguments):
        heapq.heappush(self.events, (when, random.random(), what, arguments))

    def come(self, users, seconds, *, returned):
        """Let so many users come, evenly spread; `returned` from the vendor's site, or for a first look."""
        for user in range(users):
            self.at(self.now + seconds * random.random(), self.ask, (returned, user), True)

    def ask(self, user, first):
        returned, number = user
        if first:
            self.first_at[user] = self.now
        self.requests[user] += 1
        if user in self.answered:
            self.waits.append(self.now - self.first_at[user])
            return
        load = self.loads[number % self.processes]
        front = -1
        cause = run_causes.RETURN if returned else run_causes.FIRST_LOOK
        if user not in self.ordered:
            if load.starts(cause, "acme"):
                self.ordered.add(user)
                (self.returned if returned else self.others).append(user)
                front = (len(self.returned) if returned else sum(self.backlog())) - 1
            else:
                self.shed += 1
        held = 0.0 if first and returned else self.hold_s  # the report of a return is not held
        self.held[user] = load
        self.at(self.now + held, self.give_up, user, front, held)

    def give_up(self, user, front, waited_s):
        load = self.held.pop(user, None)
        if load is None:  # it was woken
            return
        after = load.ask_again_s("acme", self.places, returned=user[0], in_front=front, waited_s=waited_s)
        self.at(self.now + after, self.ask, user, False)

    def serve(self):
        if self.returned or self.others:
            user = (self.returned or self.others).popleft()
            self.at(self.now + self.run_s, self.end, user)
        self.at(self.now + 1 / self.per_s, self.serve)

    def end(self, user):
        self.ended += 1
        self.answered.add(user)
        if self.held.pop(user, None):
            self.waits.append(self.now - self.first_at[user])

    def flush(self):
        self.flushed = self.ended
        self.at(self.now + FLUSH_S, self.flush)

    def run(self, users):
        """Compute until so many users have seen their answer."""
        self.at(0, self.serve)
        self.at(0.1, self.flush)
        while len(self.waits) < users:
            self.now, _, what, arguments = heapq.heappop(self.events)
            what(*arguments)
            assert self.now < 3600, "the crowd is never served"
        return self
