"""The commands of authors, which work without a database and a store: they load neither SQLAlchemy nor Flask."""
