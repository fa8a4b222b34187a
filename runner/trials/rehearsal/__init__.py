"""Rehearsing an event: a version is run for its people, sessions and moments, to see what everybody would be shown."""
