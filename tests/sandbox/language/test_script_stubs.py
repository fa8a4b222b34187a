"""The stubs for editors say what the check says: a type checker accepts the examples and flags planted mistakes."""

import ast
import re

import pytest
from mypy import api as mypy

from sandbox import RECORDS, SIGNATURES, STUB_MODULE, script_stubs
from sandbox.language import compile_source
from tests.support import ROOT

IMPORT = f"from {STUB_MODULE} import Api, ApiError, Message, Response, Session, User, hidden, message, with_query"
TYPES = {"user": "User", "session": "Session", "api": "Api"}

#: The body of status(), and what a type checker says of it.
MISTAKES = {
    "an unknown field of the user": ("return message(user.name)", 'has no attribute "name"'),
    "a key in place of a field": ('return message(user["first_name"])', "not indexable"),
    "an unknown field of the session": ("return message(session.start)", 'has no attribute "start"'),
    "a field that is assigned": ('user.id = "1"\n    return hidden()', "read-only"),
    "an unknown keyword of message": (
        'return message("a", url="https://a.example")',
        'Unexpected keyword argument "url"',
    ),
    "an unknown keyword of a call": (
        'api.get("a", "/b", timeout=3)\n    return hidden()',
        'Unexpected keyword argument "timeout"',
    ),
    "a call without a path": (
        'api.get("https://a.example/b")\n    return hidden()',
        'Missing positional argument "path"',
    ),
    "data in place of json": (
        'api.post("a", "/b", data={})\n    return hidden()',
        'Unexpected keyword argument "data"',
    ),
    "a text as status": ('return "Claim"', "Incompatible return value type"),
    "no status": ("return None", "Incompatible return value type"),
    "the status of an answer as a text": (
        'answer = api.get("a", "/b")\n    return message(answer.status)',
        "incompatible type",
    ),
    "an unknown field of an answer": ('return message(api.get("a", "/b").content)', 'has no attribute "content"'),
    "a number as text": ("return message(5)", "incompatible type"),
    "an unknown method of api": ('api.delete("a", "/b")\n    return hidden()', 'has no attribute "delete"'),
    "an unknown field of the scans": ("return message(api.scans().hours)", 'has no attribute "hours"'),
    "a time as text": ("return message(session.ends_at.clock())", 'has no attribute "clock"'),
}


def planted(body):
    return f"{IMPORT}\n\n\ndef status(user: User, session: Session, api: Api) -> Message:\n    {body}\n"


def typed(source):
    """A script with the import and the annotations that `script new` writes."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for arg in node.args.args:
                if arg.arg in TYPES:
                    arg.annotation = ast.Name(TYPES[arg.arg])
            if node.name == "status":
                node.returns = ast.Name("Message")
    docstring = isinstance(tree.body[0], ast.Expr)
    tree.body.insert(1 if docstring else 0, ast.parse(IMPORT).body[0])
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    """What mypy says, by file: one call for all files."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / f"{STUB_MODULE}.pyi").write_text(script_stubs())
    for path in (ROOT / "scripts" / "examples").glob("*/script.py"):
        (folder / f"example_{path.parent.name}.py").write_text(typed(path.read_text()))
    for number, (body, _) in enumerate(MISTAKES.values()):
        (folder / f"mistake_{number}.py").write_text(planted(body))
    out, errors, _ = mypy.run(
        [
            str(folder),
            "--check-untyped-defs",
            "--no-error-summary",
            "--cache-dir",
            str(folder / "cache"),
            "--config-file",
            "",
        ]
    )
    assert errors == ""
    found = {path.name: [] for path in folder.glob("*.py*")}
    for line in out.splitlines():
        name = re.search(r"([^/]+\.pyi?):", line)[1]
        found[name].append(line)
    return found


def test_a_type_checker_accepts_the_stubs_and_every_example(said):
    examples = {name: lines for name, lines in said.items() if not name.startswith("mistake_")}
    assert len(examples) > 5
    assert {name: lines for name, lines in examples.items() if lines} == {}


@pytest.mark.parametrize("what", MISTAKES)
def test_a_type_checker_flags_a_planted_mistake(said, what):
    lines = [line for line in said[f"mistake_{[*MISTAKES].index(what)}.py"] if "error:" in line]
    assert any(MISTAKES[what][1] in line for line in lines), lines


def test_the_stubs_have_every_name_of_the_table():
    tree = ast.parse(script_stubs())
    classes = {
        node.name: {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert {name: {*record.fields} - {"args"} for name, record in RECORDS.items()} == {
        name: fields for name, fields in classes.items() if name != "Message"
    }
    assert functions == {name for name in SIGNATURES if "." not in name}


def test_the_import_of_the_stubs_is_dropped_and_the_names_work():
    compiled = compile_source(planted('return message("Claim", link=with_query("https://a.example/", a=user.id))'))
    assert compiled.findings == ()
    assert compiled.code is not None


def test_a_type_of_the_stubs_is_no_value():
    compiled = compile_source(planted("return message(str(User))"))
    assert [one.rule for one in compiled.findings] == ["typing-at-run-time"]
