"""Puts the pages about scripts into the application. The modules below have the views of their one blueprint."""

from __future__ import annotations

from flask import Flask

from web.console.scripts import editor, editor_calls, submissions, tokens, versions
from web.console.scripts.deploying import views as deploying
from web.console.scripts.pane import views as pane
from web.console.scripts.rehearsals import views as rehearsals
from web.console.scripts.trials import message_colours, replay_views
from web.console.scripts.trials import views as trials
from web.console.scripts.views_base import blueprint

#: The modules whose views the blueprint collects when they are imported.
VIEWS = (
    versions,
    editor,
    editor_calls,
    submissions,
    deploying,
    tokens,
    pane,
    rehearsals,
    trials,
    replay_views,
    message_colours,
)


def install(app: Flask) -> None:
    """Register the pages."""
    app.register_blueprint(blueprint)
