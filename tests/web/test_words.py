"""Pages, commands and explanations use the words of their readers: metaphors and riddles of earlier drafts do not come back."""

import ast
import re

import pytest

from tests.support import ROOT

#: Words that no page, help text or explanation uses, and what says it instead.
FORBIDDEN = {
    r"in service": "active",
    r"put in service": "activated",
    r"anew": "again",
    r"whoever": "the person who",
    r"nobody": "no one, no user",
    r"stands in": "is shown instead",
    r"left away": "dropped",
    r"comes later": "",
}
WORDS = re.compile(rf"(?i)\b(?:{'|'.join(FORBIDDEN)})\b")
#: Reference pages that are made of help texts.
REFERENCES = (
    "commands.md",
    "settings.md",
    "implementation-settings.md",
    "roles.md",
    "script-reference.md",
    "glossary.md",
)


def visible(template):
    """The text of a template without comments, tags and attributes that only programs read."""
    return re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}|<[^>]*>", " ", template, flags=re.DOTALL)


@pytest.mark.parametrize("path", sorted((ROOT / "web/templates").rglob("*.html")), ids=lambda path: path.stem)
def test_a_page_uses_the_words_of_its_readers(path):
    assert not WORDS.findall(visible(path.read_text()))


@pytest.mark.parametrize("name", REFERENCES)
def test_help_texts_use_the_words_of_their_readers(name):
    assert not WORDS.findall((ROOT / "docs" / name).read_text())


@pytest.mark.parametrize("folder", ["runner/explanations", "web/console"])
def test_sentences_that_are_put_together_use_the_words_of_their_readers(folder):
    found = []
    for path in (ROOT / folder).rglob("*.py"):
        tree = ast.parse(path.read_text())
        notes = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
        texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
        found += [(path.name, node.lineno) for node in texts if id(node) not in notes and WORDS.search(node.value)]
    assert not found
