"""The commands of authors that speak HTTP with a service, with an author token: they load neither SQLAlchemy nor Flask."""
