"""When a staged version is clearly worse than the active one: the statistics, without a database.

Users are put in a share at random, so they are what is compared: how many users of each version had a failed run. A
user who asks again and again after a failure counts once. The choice of the test, its figures and what it does not see
are in `docs/decisions/0015-the-watch-on-staged-versions.md`.

1. There is a look each time that the staged version has half as many users again as at the last, beginning with FIRST. When its
   share grows, users change groups, so everybody is counted anew from then on, beginning with FIRST again. There is none
   while the active version has fewer users than FIRST_ACTIVE: it could find nothing, and would be used up.
2. At a look, Fisher's exact test says how likely it is that at least so many of the failing users are in the stage if
   both versions are alike.
3. Look k of a stage may raise a false alarm with the probability ALPHA * 6 / (pi * (k + 1)) ** 2. The sum over all looks is ALPHA, so
   looking often makes false alarms no more likely than that.
4. A difference of less than LEAST is not worth a revert, however certain it is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Users of the staged version at the first look.
FIRST = 10
#: Users of the active version without whom there is no look.
FIRST_ACTIVE = 5
#: Users of the staged version at the next look, as a multiple of those at the last.
GROWTH = 1.5
#: The probability that a version which is no worse is reverted, over all looks of its stage.
ALPHA = 0.005
#: The difference between the shares of users with a failed run that is worth a revert.
LEAST = 0.01


@dataclass(frozen=True)
class UserCount:
    """How many users had runs of a version, and how many of them had a failed one."""

    users: int
    failed: int

    @property
    def rate(self) -> float:
        """The share of users with a failed run."""
        return self.failed / self.users if self.users else 0.0


def look_due(looked: int, staged: int, active: int) -> bool:
    """Say whether a look is due with so many users of each version.

    `looked`: how many users of the staged version the last look counted, 0 if there was none since its share is what it is.
    """
    return active >= FIRST_ACTIVE and _step(staged) > _step(looked)


def is_worse(staged: UserCount, active: UserCount, look: int) -> bool:
    """Say whether the staged version is clearly worse. `look` counts the looks of the stage that were made before, from 0."""
    if staged.rate - active.rate < LEAST:
        return False
    return tail(staged, active) <= allowance(look)


def allowance(look: int) -> float:
    """The probability of a false alarm that this look may have."""
    return ALPHA * 6 / (math.pi * (look + 1)) ** 2


def tail(staged: UserCount, active: UserCount) -> float:
    """Return how likely it is that at least as many of the failing users are in the stage, if both are alike.

    Fisher's exact test, one-sided: the upper tail of the hypergeometric distribution.
    """
    users, failed = staged.users + active.users, staged.failed + active.failed
    most = min(failed, staged.users)
    whole = _log_choose(users, failed)
    terms = (
        _log_choose(staged.users, count) + _log_choose(active.users, failed - count) - whole
        for count in range(max(staged.failed, failed - active.users), most + 1)
    )
    return min(1.0, math.fsum(math.exp(term) for term in terms))


def _step(users: int) -> int:
    """Return the number of looks for which a stage has users enough."""
    return 0 if users < FIRST else 1 + math.floor(math.log(users / FIRST) / math.log(GROWTH) + 1e-9)


def _log_choose(total: int, chosen: int) -> float:
    return math.lgamma(total + 1) - math.lgamma(chosen + 1) - math.lgamma(total - chosen + 1)
