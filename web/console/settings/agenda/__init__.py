"""The agenda: the sessions of an implementation, imported from the organizer's file after a preview."""
