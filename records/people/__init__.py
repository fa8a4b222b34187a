"""The people of an implementation: users, the grants that give them roles, the first administrator, and the names behind keys."""
