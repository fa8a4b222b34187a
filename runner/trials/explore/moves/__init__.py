"""Edits of a scene that may lead the next run to lines and outcomes that no run has reached."""
