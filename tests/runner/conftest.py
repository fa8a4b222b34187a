from tests.valkey import redis, valkey_url  # noqa: F401 - fixtures
