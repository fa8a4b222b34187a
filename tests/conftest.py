"""Fixtures of all tests: one store, one PostgreSQL, one browser, and vendors for the whole run, started when the first test asks."""

pytest_plugins = ["tests.chromium", "tests.html_checker", "tests.postgres", "tests.valkey", "tests.vendors"]
