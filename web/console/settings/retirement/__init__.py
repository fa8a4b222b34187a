"""Archiving, restoring and removing an implementation, in the console."""
