"""Support: why a user sees what they see, and the runs of the past."""
