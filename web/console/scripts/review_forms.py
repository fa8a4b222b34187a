"""The forms of a review: the decision with a reason for each warning that is accepted, and comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from records import RuleViolation
from records.changes.scripts.submissions import finding_words
from records.scripts.reviews import LONGEST_TEXT, CommentDraft, ReviewDecision
from web.forms.base_form import BaseForm
from web.forms.fields import LineField, TextBlockField, WholeNumberField, YesNoField

#: The field of a warning: its place among the warnings follows.
WAIVE = "waive_"
#: Characters of a reason to accept a warning.
LONGEST_REASON = 2000


class DecisionForm(BaseForm):
    """A decision about a submission. The form of a version with warnings has one more field for each."""

    public_note = TextBlockField(
        "Note for the author",
        description="Needed if you request changes or reject: what to change, or why.",
        render_kw={"maxlength": LONGEST_TEXT},
    )
    private_note = TextBlockField(
        "Private note",
        description="Reviewers and administrators see it, authors do not.",
        render_kw={"maxlength": LONGEST_TEXT},
    )


class CommentForm(BaseForm):
    """A comment on a submission, or on one line of its text."""

    text = TextBlockField("Comment", render_kw={"maxlength": LONGEST_TEXT})
    line = WholeNumberField("Line", description="Leave it empty for a comment on the whole.")


class PrivateCommentForm(CommentForm):
    """The same for reviewers, who can keep a comment among themselves."""

    private = YesNoField("Only reviewers see it")


def decision_form(warnings: Sequence[Mapping[str, Any]], *, tried: bool, **more: Any) -> DecisionForm:
    """Make the form for a version with these warnings; one more field asks why it is approved before its trial has ended."""
    fields: dict[str, Any] = {
        f"{WAIVE}{place}": LineField(
            f"Reason to accept the warning in line {finding['line']}",
            description=finding["what"],
            longest=LONGEST_REASON,
        )
        for place, finding in enumerate(warnings)
    }
    if not tried:
        fields["untried_reason"] = LineField(
            "Reason to approve it before its trial has ended",
            description="Needed for an approval only. The trial shows every message and what would change for whom.",
            longest=LONGEST_REASON,
        )
    made: DecisionForm = type("DecisionOfWarnings", (DecisionForm,), fields)(**more)
    return made


def decision_of(
    form: DecisionForm, warnings: Sequence[Mapping[str, Any]], *, decision: str, sha256: str
) -> ReviewDecision:
    """Return the decision that a form holds, about the text with this SHA-256."""
    reasons = [form[f"{WAIVE}{place}"].value for place in range(len(warnings))]
    waived = [
        {"finding": finding_words(finding), "reason": reason}
        for finding, reason in zip(warnings, reasons, strict=True)
        if reason
    ]
    untried = form["untried_reason"].value if "untried_reason" in form else ""
    return ReviewDecision(decision, sha256, form.public_note.value, form.private_note.value, waived, untried)


def refuse_decision(form: DecisionForm, refused: RuleViolation) -> None:
    """Show the faults of a decision, those of missing reasons at their fields."""
    if refused.field != "waived":
        form.refuse(refused)
        return
    for field in form:
        if field.name.startswith(WAIVE) and not field.value:
            form.complain(field.name, "is missing")


def comment_of(form: CommentForm) -> CommentDraft:
    """Return the comment that a form holds."""
    private = form.private.value if isinstance(form, PrivateCommentForm) else False
    return CommentDraft(form.text.value, form.line.value, private)
