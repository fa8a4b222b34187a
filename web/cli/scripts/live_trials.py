"""What `script check --for` and `script run --live` read from the database: an implementation's facts and its vendors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from runner.trials.fact_review import ImplementationFacts
from runner.trials.implementation_facts import facts_of
from runner.trials.live_vendors import LiveVendors
from web.cli.authors.trial_files import TrialCase, TrialFileOptions, input_of, read_input, read_source
from web.cli.common.context import find_implementation, find_served, open_context
from web.cli.common.implementation_id import as_written


def read_facts(typed: str) -> ImplementationFacts:
    """Return what a script of this implementation can use. Raises CommandFailed if there is no such implementation."""
    with open_context() as context, context.database.reading() as db:
        return facts_of(db, find_implementation(db, as_written(db, typed)))


@contextmanager
def live_cases(files: Sequence[str], named: TrialFileOptions, typed: str) -> Iterator[list[TrialCase]]:
    """Return the cases for the real vendors of the implementation with the typed id."""
    with open_context() as context:
        with context.database.reading() as db:
            slug = find_served(db, as_written(db, typed)).slug
        with LiveVendors(context.settings, context.database, slug) as vendors:
            trial_input = [read_input(input_of(file, named)) for file in files]
            yield [
                TrialCase(file, *read_source(file), vendors.terms(one), vendors.powers)
                for file, one in zip(files, trial_input, strict=True)
            ]
