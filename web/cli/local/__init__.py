"""`session-status up`: everything on one machine, for looking around and for development."""
