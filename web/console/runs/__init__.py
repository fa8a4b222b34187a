"""Support: why a person sees a message, and the runs behind it."""
