"""The check of a script: turns its text into findings, or into compiled code that calls the guards."""
