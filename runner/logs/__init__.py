"""The log of a process: which ids its lines carry, how they are written, and the one place that sets it up."""
