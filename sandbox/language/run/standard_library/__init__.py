"""The built-in names and the parts of the standard library that a script is offered."""
