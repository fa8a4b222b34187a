"""The intake of scans: who may send them, the endpoint that takes them, and what follows for a session."""
