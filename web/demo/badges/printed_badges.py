"""The badges of the sample people and a test badge, to print or to hold before a camera.

A registration company would print them. The codes are drawn by the service's own code.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template

from runner.attendance.code_drawing import CodeDrawing, qr_code
from web.demo.agenda import EVENT, SCANNED, sample_session_with

from .scanning import BADGES, TEST_TEXT, badge_text

blueprint = Blueprint("badges", __name__)


@dataclass(frozen=True)
class PrintedBadge:
    """One badge as it is printed: a name, a line below it, and the code."""

    name: str
    line: str
    code: CodeDrawing


@blueprint.get("/badges")
def badges() -> str:
    """All badges."""
    people = [PrintedBadge(each.name, each.badge_id, qr_code(badge_text(each))) for each in BADGES]
    test = PrintedBadge("Test badge", "never counts", qr_code(TEST_TEXT))
    session = sample_session_with(SCANNED)
    return render_template("demo/badges.html", event=EVENT, badges=[*people, test], session=session)
