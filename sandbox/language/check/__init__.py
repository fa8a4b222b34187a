"""The check of a script: from its text to findings, or to compiled code with guards in it."""
