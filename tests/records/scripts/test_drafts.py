"""Drafts: nothing that an author typed is overwritten by an older page."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from records import Implementation, RuleViolation
from records.scripts import drafts


def test_a_page_with_an_older_revision_does_not_overwrite_a_newer_one(db: Session, demo: Implementation):
    assert drafts.find(db, demo, "demo/ann") is None
    assert drafts.save(db, demo, "demo/ann", "def", revision=0).revision == 1
    assert drafts.save(db, demo, "demo/ann", "def status", revision=1).revision == 2
    for revision in (0, 1, 3):
        with pytest.raises(RuleViolation, match="saved elsewhere as revision 2"):
            drafts.save(db, demo, "demo/ann", "lost", revision=revision)
    assert drafts.find(db, demo, "demo/ann").source == "def status"
    assert drafts.save(db, demo, "demo/bob", "", revision=0).revision == 1
    drafts.drop(db, demo, "demo/ann")
    assert drafts.find(db, demo, "demo/ann") is None
    assert drafts.find(db, demo, "demo/bob") is not None


@pytest.mark.parametrize("source", ["x\0y", "\ud800", "x" * 262_145, None])
def test_a_draft_that_cannot_be_kept_is_refused(db: Session, demo: Implementation, source):
    with pytest.raises(RuleViolation, match="source"):
        drafts.save(db, demo, "demo/ann", source, revision=0)
