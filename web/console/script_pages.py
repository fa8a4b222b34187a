"""Puts the pages about scripts into the application. The modules below have the views of their one blueprint."""

from __future__ import annotations

from flask import Flask

from web.console.scripts import editor, submissions, versions
from web.console.scripts.deploying import views as deploying
from web.console.scripts.views_base import blueprint

#: The modules whose views the blueprint collects when they are imported.
VIEWS = (versions, editor, submissions, deploying)


def install(app: Flask) -> None:
    """Register the pages."""
    app.register_blueprint(blueprint)
