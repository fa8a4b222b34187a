"""Puts the pages about scripts into the application. The modules below have the views of their one blueprint."""

from __future__ import annotations

from flask import Flask

from runner.trials.script_checks import ScriptChecks
from web.console.scripts import editor, editor_calls, submissions, versions
from web.console.scripts.deploying import views as deploying
from web.console.scripts.script_check import EXTENSION
from web.console.scripts.views_base import blueprint

#: The modules whose views the blueprint collects when they are imported.
VIEWS = (versions, editor, editor_calls, submissions, deploying)


def install(app: Flask, checks: ScriptChecks) -> None:
    """Register the pages. `checks` checks the texts that authors write."""
    app.extensions[EXTENSION] = checks
    app.register_blueprint(blueprint)
