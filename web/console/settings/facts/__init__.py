"""The page of facts: the secrets with which vendors sign, what is known, and the last calls."""
