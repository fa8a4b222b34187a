"""The drainers of a worker: threads that take one order of an implementation after another."""
