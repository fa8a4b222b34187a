"""Running and checking a script outside of status requests, for authors and reviewers, and submitting it."""
