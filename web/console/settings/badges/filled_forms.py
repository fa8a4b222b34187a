"""The forms of the badge format, filled from the examples: what is proposed, and which parts there are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from records.attendance.badge_formats.badge_format import Badge, BadgeFormat, Pick
from records.attendance.badge_formats.code_text import ForeignCode
from records.attendance.badge_formats.parts import Parts
from records.attendance.badge_formats.proposals import Proposal, propose
from records.attendance.badge_formats.stored_format import as_json
from web.console.settings.badges.format_words import format_words, part_choices
from web.console.settings.badges.forms import NO_NAME, JsonForm, PartsForm, ProposalForm
from web.forms.base_form import BaseForm
from web.forms.fields import DropdownField, choices_of

#: Proposals that are offered.
MOST_PROPOSALS = 5


def proposal_form(payloads: Sequence[bytes], draft: Any) -> ProposalForm:
    """Return the form with the formats that read all examples, the draft chosen if it is one of them."""
    proposals = propose(payloads)[:MOST_PROPOSALS]
    form = ProposalForm(formdata=None)
    form.chosen.choices = choices_of([(_text(each.format), _label(each, payloads[0])) for each in proposals])
    form.chosen.data = json.dumps(draft, sort_keys=True) if draft else None
    return form


def parts_form(draft: BadgeFormat | None, payloads: Sequence[bytes], digest: str) -> PartsForm:
    """Return the form with the parts that the draft finds in the examples."""
    form = PartsForm(formdata=None, data={"draft": digest})
    if draft is None:
        return form
    choices = part_choices(_parts(draft, payloads))
    for name, pick in (("badge_id", draft.badge_id), ("last_name", draft.last_name), ("first_name", draft.first_name)):
        _fill(form[name], form[f"{name}_take"], choices if name == "badge_id" else [NO_NAME, *choices], pick)
    form.id_characters.data = draft.id_characters
    return form


def with_choices(refused: BaseForm, filled: BaseForm) -> None:
    """Give the choices of the filled form to one that was refused, which keeps what was chosen."""
    if isinstance(refused, JsonForm):
        return
    for field in refused:
        if getattr(field, "choices", None) == [] or isinstance(field, DropdownField):
            field.choices = filled[field.name].choices


def _fill(part: DropdownField, take: DropdownField, choices: list[tuple[str, str]], pick: Pick | None) -> None:
    known = {value for value, _ in choices}
    if pick and pick.part not in known:
        choices = [(pick.part, pick.part), *choices]
    part.choices = choices_of(choices)
    part.data, take.data = (pick.part, pick.take) if pick else ("", "all")


def _parts(draft: BadgeFormat, payloads: Sequence[bytes]) -> tuple[Parts, ...]:
    """Return the parts of the examples that the draft can take apart."""
    found = []
    for each in payloads:
        try:
            found.append(draft.parts_of(each))
        except ForeignCode:
            continue
    return tuple(found)


def _text(badge_format: BadgeFormat) -> str:
    return json.dumps(as_json(badge_format), sort_keys=True)


def _label(proposal: Proposal, payload: bytes) -> str:
    badge: Badge = proposal.format.read(payload)
    names = f", last name “{badge.last_name}”, first name “{badge.first_name}”" if badge.last_name else ", no name"
    questions = f" {' '.join(proposal.questions)}" if proposal.questions else ""
    return f"Badge ID “{badge.badge_id}”{names}. {format_words(proposal.format)}{questions}"
