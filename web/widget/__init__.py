"""The widget page: the status of a session as the app's web view shows it."""
