"""The database: connecting to SQLite or PostgreSQL, its schema version, and the environment that it was made for."""
