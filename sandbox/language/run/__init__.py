"""The run of a script: what its compiled code calls, its arguments, and one call of `status`."""
