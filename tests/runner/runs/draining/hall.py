"""What the tests of drainers use: orders on a real store, with a clock that the tests turn."""

from runner.queues.drainer_leases import DrainerLeases
from runner.queues.order_lists import OrderDraft
from runner.queues.status_jobs import DrainOrder, StatusQueue
from runner.runs.draining.order_taking import OrderTaker, TakeTerms, WithoutOrder
from runner.status.cache import StatusCache, StatusUpdate

END, REST, LEAVE = (
    TakeTerms(without, yields=False) for without in (WithoutOrder.END, WithoutOrder.REST, WithoutOrder.LEAVE)
)
YIELD = TakeTerms(WithoutOrder.END, yields=True)
SHOWN = StatusUpdate(state="ready", body=b'{"text":"Claim"}', digest="claim", ok=True, fresh_s=60, stale_s=600)
ORDERS, RETURNED = "st:orders:{acme}", "st:orders:{acme}:back"


class Clock:
    ms = 1_000_000

    def __call__(self):
        return self.ms


class Hall:
    """A cache, orders and drainers on a real store with a clock of its own."""

    def __init__(self, redis):
        self.redis, self.clock, self.names = redis, Clock(), 0
        self.cache = StatusCache(redis, clock_ms=self.clock)
        self.queue = StatusQueue(redis)

    def key(self, user="ann", implementation="acme"):
        return StatusCache.key(implementation, user, "s1", "e")

    def ask(self, user="ann", *, implementation="acme", most=4, returned=False):
        """Claim as the web side does; the answer's `due` is not queued."""
        self.names += 1
        act = self.cache.returned if returned else self.cache.claim
        return act(self.key(user, implementation), f"run-{self.names}", order=draft(user, implementation, most))

    def drainer(self, due, *, most=4):
        own = DrainOrder(due.implementation, due.name, most)
        return OrderTaker(self.redis, self.cache, own)

    def look(self):
        """As a worker does that is still there, after the leases of those that are not."""
        self.clock.ms += 2000
        DrainerLeases(self.redis, self.queue, clock_ms=self.clock).look()

    def jobs(self):
        return [job.decode() for job in self.redis.lrange("rq:queue:status", 0, -1)]


def draft(user="ann", implementation="acme", most=4):
    return OrderDraft(implementation, user, "s1", "v", "e", staff=False, most=most, lock_ms=8000)


def users(taker, terms=END):
    """Take everything; the users whose orders it was."""
    found, take = [], taker.take(terms)
    while take.order:
        found.append(take.order.order.user)
        taker.end(take.order)
        take = taker.take(terms)
    return found
