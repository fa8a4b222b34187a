"""The log of a process: the ids of its lines, their formats, and the one place where it is set up."""
