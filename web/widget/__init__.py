"""The widget page: the status of a session, for the app's web view."""
