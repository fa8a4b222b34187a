"""The people of an implementation: users, grants, the first administrator, and the names behind keys."""
