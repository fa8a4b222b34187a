"""The pages of the roster: the list of attendees, and its import from a file."""
