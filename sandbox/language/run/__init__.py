"""The run of a script: what its compiled code calls, what it is given, and one call of `status`."""
