"""Every page and endpoint has a name that people use, for those who look up where an error was shown."""

from web.error_references import NO_VIEW
from web.page_names import PAGE_NAMES, page_name


def test_every_route_has_a_name_and_nothing_else_has(app):
    views = {rule.endpoint for rule in app.url_map.iter_rules()} | {NO_VIEW}
    assert views - PAGE_NAMES.keys() == set()
    assert PAGE_NAMES.keys() - views == set()


def test_a_name_is_no_name_of_a_view():
    assert [name for name in PAGE_NAMES.values() if "_" in name or "." in name] == []
    assert page_name("outage: the store did not answer") == "outage: the store did not answer"
