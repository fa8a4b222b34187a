"""The app's endpoints: the status of a session, and the user's return from a vendor's site."""
