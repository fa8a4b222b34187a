"""Fixtures of all tests: one store, one PostgreSQL, one browser, and vendors for the whole run, started when the first test asks."""

pytest_plugins = [
    "tests.support.chromium",
    "tests.support.html_checker",
    "tests.support.postgres",
    "tests.support.valkey",
    "tests.support.vendors",
]
