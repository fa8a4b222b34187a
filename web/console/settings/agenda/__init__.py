"""The agenda: the sessions of an implementation, brought as the organizer's CSV file."""
