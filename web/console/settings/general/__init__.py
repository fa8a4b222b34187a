"""The implementation's own settings: what attendees see and when, where messages may lead, how its script is run."""
