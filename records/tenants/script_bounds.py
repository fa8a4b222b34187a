"""How much there may be of each thing in the life of a script. Every list that people can make longer has its bound here.

Without a bound are only what an operator does on the command line (stored versions), and what one person does once to
another's work, where each needs the other: decisions about submissions, and deployments.
"""

from __future__ import annotations

from typing import Final

#: Comments on one submission. Resolved ones count: they stay readable.
MOST_COMMENTS: Final = 500
#: Reasons in one decision, each for a warning of the check.
MOST_WAIVED: Final = 100
#: Superseded and withdrawn submissions of an author that are kept, with their texts. The oldest go.
MOST_ENDED: Final = 30
#: Undecided submissions of an author in one implementation: a new one supersedes the one before.
MOST_UNDECIDED: Final = 1
#: Drafts of an author in one implementation: each save replaces the one before.
MOST_DRAFTS: Final = 1
#: Scenarios of a submission, and bytes of all together as JSON.
MOST_SCENARIOS: Final = 200
SCENARIO_BYTES: Final = 512 * 1024
#: Author tokens of a person in one implementation that count now.
MOST_TOKENS: Final = 20
#: Author tokens of a person in one implementation, with those that ended or were revoked: their names are never given again.
MOST_TOKENS_EVER: Final = 500
