"""What a session shows to a user right now: the status service, its cache and snapshots, and the events that change it."""
