"""What a replay tells those who may not see runs: nothing by which a single person can be meant.

The author of a text chooses how it writes what it knows of a person, and it is replayed before anybody has reviewed it. So the
rules are those of a rehearsal (`runner.trials.rehearsal.rehearsal_report`):

1. The values of the person of a run are taken out of a text.
2. What is left was shown to at least `FEWEST_PEOPLE` in the runs of the replay, or stands in the script, in quotes, as it is.
3. Instead of every other text, a sentence says so. Of an error the type and the line are told, of a link the host.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from records.trials.replayed_runs import ResultsOfPerson
from runner.trials.rehearsal.personal_texts import FEWEST_PEOPLE, without_person

from .drawn_messages import host_of
from .trial_results import shown

#: Stands for a text that is not told.
FEW_SEE_IT: Final = "(a text that fewer than three people see)"


@dataclass(frozen=True)
class ToldResults:
    """Which texts are told."""

    source: str
    common: frozenset[str]

    @classmethod
    def of(cls, source: str, rows: Iterable[ResultsOfPerson]) -> ToldResults:
        """Return what is told of a replay of a text, from all its rows."""
        people: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            for result in row.results:
                people[without_person(shown(result)["text"], row.values)].add(row.user)
        return cls(source, frozenset(text for text, users in people.items() if len(users) >= FEWEST_PEOPLE))

    def result(self, result: Mapping[str, Any], user: Mapping[str, Any]) -> dict[str, str]:
        """Return what is told of one result, for a person with these values."""
        error = {name: value for name, value in (result.get("error") or {}).items() if name != "text"}
        found = shown({**result, "error": error})
        text = without_person(found["text"], user)  # 1.
        known = not text or text in self.common or f'"{text}"' in self.source or f"'{text}'" in self.source  # 2.
        return found | {"text": text if known else FEW_SEE_IT, "link": host_of(found["link"])}  # 3.
