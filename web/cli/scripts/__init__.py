"""Commands for script authors: check, run, activate."""
