"""The operator's settings: the table, the readers of single values, the rules between settings, and the budgets of a run."""
