"""The functions that a job may be, by the name of its kind. Imported in the process of a job only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from runner.queues.job_orders import AGENDA_IMPORT, JobOrder

from .agenda_import import STEPS, import_agenda
from .job_steps import JobEnd, JobSteps


@dataclass(frozen=True)
class JobFunction:
    """What does the work of one kind of job, in how many steps."""

    run: Callable[[JobSteps, JobOrder], JobEnd]
    steps: int


FUNCTIONS: Mapping[str, JobFunction] = MappingProxyType({AGENDA_IMPORT: JobFunction(import_agenda, STEPS)})
