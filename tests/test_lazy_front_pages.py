"""Front pages that load a name when it is used offer exactly the names that they list."""

import importlib

import pytest

PAGES = ("records", "runner.powers", "sandbox.language")


@pytest.mark.parametrize("name", PAGES)
def test_every_name_of_the_page_is_there(name):
    page = importlib.import_module(name)
    assert [each for each in page.__all__ if getattr(page, each, None) is None] == []


@pytest.mark.parametrize("name", PAGES)
def test_a_name_that_is_not_on_the_page_is_an_attribute_error(name):
    page = importlib.import_module(name)
    with pytest.raises(AttributeError, match="has no attribute 'not_there'"):
        getattr(page, "not_there")  # noqa: B009 - no attribute that a linter would look up


@pytest.mark.parametrize("name", ["records", "runner.powers"])
def test_the_table_of_homes_has_the_names_of_the_page(name):
    page = importlib.import_module(name)
    assert {*page._HOMES} == {*page.__all__} - {"DbConnection", "DbSession"}
