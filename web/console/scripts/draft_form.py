"""The form in which an author writes a script, and the text with which a new draft begins."""

from __future__ import annotations

from records import DbSession, Implementation
from records.scripts import deployments, drafts
from records.scripts.drafts import ScriptDraft
from records.scripts.submissions import LONGEST_NOTE
from records.scripts.versions import Version
from web.console.scripts.pane.pane_form import PaneForm
from web.forms.fields import HiddenNumberField, LineField, SourceField, TextBlockField

#: What an author begins with where no version is active.
TEMPLATE = '''"""What this script shows, and when."""


def status(user, session, api):
    return message("Welcome to this session")
'''


class DraftForm(PaneForm):
    """The text, the note with which it is handed in, and the test pane. `revision` is that of the draft which the page shows."""

    source = SourceField("Text of the script")
    note = TextBlockField(
        "Note for the reviewer",
        description="What changed, and why. It is used when you submit.",
        render_kw={"maxlength": LONGEST_NOTE},
    )
    revision = HiddenNumberField()
    scenario_name = LineField(
        "Name of the scenario", longest=100, description="It is handed in with the text, for the reviewer to see."
    )


def starting_text(db: DbSession, owner: Implementation) -> str:
    """Return the text with which a new draft begins: that of the active version."""
    active = deployments.active_version(db, owner)
    return active.source if active else TEMPLATE


def filled_form(db: DbSession, owner: Implementation, draft: ScriptDraft | None, version: Version | None) -> DraftForm:
    """Return the form with a version's text if one is named, else with the draft, else with the starting text."""
    form = DraftForm(formdata=None)
    form.revision.data = draft.revision if draft else 0
    form.source.data = version.source if version else draft.source if draft else starting_text(db, owner)
    return form


def is_unsaved_start(db: DbSession, owner: Implementation, author: str, source: str) -> bool:
    """Say whether there is no draft and the text is still the one with which a draft begins."""
    return drafts.find(db, owner, author) is None and source == starting_text(db, owner)
