"""Commands of script authors: check, run, activate."""
