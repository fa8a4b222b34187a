"""Fixtures of all tests: one store, one PostgreSQL, and vendors for the whole run, started when the first test asks."""

pytest_plugins = ["tests.postgres", "tests.valkey", "tests.vendors"]
