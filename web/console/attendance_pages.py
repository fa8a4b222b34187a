"""Puts the pages about attendance into the application. The modules below have the views of their one blueprint."""

from __future__ import annotations

from flask import Flask

from web.console.attendance import event, phone_file
from web.console.attendance.views_base import blueprint

#: The modules whose views the blueprint collects when they are imported.
VIEWS = (event, phone_file)


def install(app: Flask) -> None:
    """Register the pages."""
    app.register_blueprint(blueprint)
