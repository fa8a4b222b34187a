"""Puts the pages about attendance into the application. The modules below have the views of their one blueprint."""

from __future__ import annotations

from flask import Flask

from web.console.attendance import event, people, report_checks, report_files, reports, session
from web.console.attendance.decisions import dispute, logs, question, scans, to_decide
from web.console.attendance.views_base import blueprint

#: The modules whose views the blueprint collects when they are imported.
VIEWS = (event, session, people, reports, report_files, report_checks, to_decide, question, dispute, scans, logs)


def install(app: Flask) -> None:
    """Register the pages."""
    app.register_blueprint(blueprint)
