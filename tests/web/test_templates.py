"""Templates refuse a name that was not passed to them, in every application that renders any."""

import ast

import pytest
from flask import Flask, render_template_string
from jinja2 import UndefinedError

from tests.support import ROOT
from web import templating

WEB = ROOT / "web"

#: What makes an application or another place where templates are rendered.
RENDERERS = ("Flask", "AtPublicAddress", "Environment")


def test_a_name_that_was_not_passed_to_a_page_is_an_error():
    app = Flask("web")
    templating.install(app)
    with app.test_request_context(), pytest.raises(UndefinedError, match="'kind' is undefined"):
        render_template_string("{{ url_for('static', filename=kind) }}")


def test_every_application_renders_by_the_same_rules():
    made = {path: calls(path) for path in WEB.rglob("*.py")}
    renderers = {path for path, names in made.items() if names & set(RENDERERS)}
    assert {path.relative_to(WEB).as_posix() for path in renderers} >= {"app.py", "devidp/app.py", "demo/vendor.py"}
    assert not [path for path in renderers if "templating.install" not in made[path]]


def calls(path):
    found = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return {ast.unparse(node.func) for node in found}
