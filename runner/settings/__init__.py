"""The operator's settings: the table, the readers of single values, the rules between them, and the budgets of a run."""
