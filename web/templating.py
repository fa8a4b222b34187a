"""How templates are rendered, in every application: using a name that was not passed to the page is an error.

Otherwise Jinja renders such a name as an empty text, and a form can lose half of its address unnoticed.
"""

from __future__ import annotations

from flask import Flask
from jinja2 import StrictUndefined

from records.plurals import counted, form, with_article
from runner.explanations.run_terms import RUN_WORDS
from runner.queues import run_causes


def install(app: Flask) -> None:
    """Set the rules for the templates of an application, before the first one is loaded."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals |= {"counted": counted, "form_of": form, "with_article": with_article}
    app.jinja_env.globals |= {"long_wait": run_causes.long_wait, "run_words": RUN_WORDS}
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
