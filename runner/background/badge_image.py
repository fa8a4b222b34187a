"""Reading the codes of an image of a badge. The image is deleted with the transaction that keeps its codes, or that found none."""

from __future__ import annotations

from typing import Final

from records import DbSession, Implementation, RuleViolation
from records.attendance import badge_setup
from records.audit import AuditContext
from records.changes.attendance import badge_formats as changes
from records.tenants import implementations
from runner.attendance.image_codes import NoCodes, codes_in
from runner.queues.job_arguments import BadgeImageArguments
from runner.queues.job_orders import JobOrder, arguments_of
from runner.queues.job_states import DONE, REFUSED

from .job_steps import JobEnd, JobSteps

#: Steps: reading the image, keeping its codes, the end of the transaction.
STEPS: Final = 3
NO_IMAGE: Final = "The image is not there any more: it was read, replaced, or waited for more than an hour."


def read_image(steps: JobSteps, order: JobOrder) -> JobEnd:
    """Read the codes of the image that the person uploaded, and keep them as examples."""
    digest = arguments_of(order, BadgeImageArguments).image
    steps.begin(1, "Looking for codes in the image.")
    with steps.database.reading() as db:
        image = badge_setup.image_of(db, _owner(db, order), order.by, digest)
        content = image.content if image else b""
    if not content:
        return JobEnd(REFUSED, NO_IMAGE)
    try:
        found, fault = codes_in(content, is_stopped=steps.is_cancelled), ""
    except NoCodes as none:
        found, fault = [], str(none)
    steps.begin(2, "Keeping the codes.")
    with steps.database.session() as db:
        owner = _owner(db, order)
        badge_setup.drop_image(db, owner, order.by)
        try:
            codes = [(each.payload, each.symbology) for each in found]
            added = changes.add_examples(db, owner, codes, AuditContext(order.by)).value
        except RuleViolation as refused:
            added, fault = 0, f"The code {refused.reason}."
        steps.begin(3, "Saving.")
    if fault:
        return JobEnd(REFUSED, fault)
    return JobEnd(DONE, "The image was read.", {"added": added, "known": len(found) - added})


def _owner(db: DbSession, order: JobOrder) -> Implementation:
    found = implementations.find_any(db, order.implementation)
    if found is None:
        raise RuleViolation("implementation", "was removed")
    return found
