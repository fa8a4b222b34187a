"""What is done before a session ends, so that nobody waits when it has: facts are prepared, and messages found ahead of time."""
