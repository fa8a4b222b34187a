"""What a session shows to a user right now: the status service, its snapshots, and the events that change it."""
