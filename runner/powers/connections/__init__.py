"""A vendor connection as the powers need it, how its base address is parsed, and what a faulty one raises."""
