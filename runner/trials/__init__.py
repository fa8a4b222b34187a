"""Running and checking a script outside status requests, for authors and reviewers, and activating it."""
